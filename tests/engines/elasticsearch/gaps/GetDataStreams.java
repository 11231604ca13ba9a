package gaps;

import java.util.Comparator;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.datastreams.GetDataStreamAction;
import org.elasticsearch.action.datastreams.GetDataStreamAction.Response.DataStreamInfo;
import org.elasticsearch.action.datastreams.GetDataStreamAction.Response.IndexProperties;
import org.elasticsearch.action.datastreams.GetDataStreamAction.Response.ManagedBy;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.local.TransportLocalProjectMetadataAction;
import org.elasticsearch.cluster.ProjectState;
import org.elasticsearch.cluster.block.ClusterBlockException;
import org.elasticsearch.cluster.block.ClusterBlockLevel;
import org.elasticsearch.cluster.health.ClusterStateHealth;
import org.elasticsearch.cluster.metadata.DataStream;
import org.elasticsearch.cluster.metadata.DataStreamFailureStoreSettings;
import org.elasticsearch.cluster.metadata.IndexMetadata;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.metadata.MetadataIndexTemplateService;
import org.elasticsearch.cluster.project.ProjectResolver;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.index.Index;
import org.elasticsearch.index.IndexSettings;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;

/** The action behind GET _data_stream; the server's own classes hold and print what it finds. */
public final class GetDataStreams
    extends TransportLocalProjectMetadataAction<GetDataStreamAction.Request, GetDataStreamAction.Response> {

    private final IndexNameExpressionResolver resolver;
    private final DataStreamFailureStoreSettings failureStore;

    @Inject
    public GetDataStreams(
        TransportService transport, ClusterService cluster, ActionFilters filters, ProjectResolver projects,
        IndexNameExpressionResolver resolver, DataStreamFailureStoreSettings failureStore) {
        super(GetDataStreamAction.NAME, filters, transport.getTaskManager(), cluster,
            EsExecutors.DIRECT_EXECUTOR_SERVICE, projects);
        this.resolver = resolver;
        this.failureStore = failureStore;
    }

    @Override
    protected ClusterBlockException checkBlock(GetDataStreamAction.Request request, ProjectState state) {
        return state.blocks().globalBlockedException(state.projectId(), ClusterBlockLevel.METADATA_READ);
    }

    @Override
    protected void localClusterStateOperation(
        Task task, GetDataStreamAction.Request request, ProjectState state,
        ActionListener<GetDataStreamAction.Response> listener) {
        listener.onResponse(new GetDataStreamAction.Response(
            resolver.dataStreamNames(state.metadata(), request.indicesOptions(), request.getNames()).stream()
                .map(state.metadata().dataStreams()::get)
                .sorted(Comparator.comparing(DataStream::getName))
                .map(stream -> describe(stream, state))
                .toList()));
    }

    private DataStreamInfo describe(DataStream stream, ProjectState state) {
        String[] indices = stream.getIndices().stream().map(Index::getName).toArray(String[]::new);
        Map<Index, IndexProperties> properties = stream.getIndices().stream()
            .collect(Collectors.toMap(Function.identity(), index -> properties(stream, settings(index, state))));
        return new DataStreamInfo(
            stream,
            stream.isFailureStoreEffectivelyEnabled(failureStore),
            new ClusterStateHealth(state.cluster(), indices, state.projectId()).getStatus(),
            MetadataIndexTemplateService.findV2Template(state.metadata(), stream.getName(), false),
            settings(stream.getWriteIndex(), state).get(IndexMetadata.LIFECYCLE_NAME),
            null,
            properties,
            true,
            null,
            null);
    }

    private static Settings settings(Index index, ProjectState state) {
        return state.metadata().index(index).getSettings();
    }

    private static IndexProperties properties(DataStream stream, Settings settings) {
        String policy = settings.get(IndexMetadata.LIFECYCLE_NAME);
        ManagedBy keeper = ManagedBy.UNMANAGED;
        if (policy != null) {
            keeper = ManagedBy.ILM;
        } else if (stream.getDataLifecycle() != null) {
            keeper = ManagedBy.LIFECYCLE;
        }
        String mode = IndexSettings.MODE.get(settings).getName();
        return new IndexProperties(IndexSettings.PREFER_ILM_SETTING.get(settings), policy, keeper, mode);
    }
}
