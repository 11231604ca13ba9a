package gaps;

import java.util.stream.Collectors;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.datastreams.DeleteDataStreamAction;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.master.AcknowledgedResponse;
import org.elasticsearch.action.support.master.AcknowledgedTransportMasterNodeAction;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.ClusterStateUpdateTask;
import org.elasticsearch.cluster.ProjectState;
import org.elasticsearch.cluster.block.ClusterBlockException;
import org.elasticsearch.cluster.block.ClusterBlockLevel;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.metadata.MetadataDataStreamsService;
import org.elasticsearch.cluster.project.ProjectResolver;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.Priority;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.transport.TransportService;

/** The action behind DELETE _data_stream; the server's own service does the work. */
public final class DeleteDataStreams extends AcknowledgedTransportMasterNodeAction<DeleteDataStreamAction.Request> {
    private final ProjectResolver projects;
    private final IndexNameExpressionResolver resolver;

    @Inject
    public DeleteDataStreams(
        TransportService transport, ClusterService cluster, ThreadPool threads, ActionFilters filters,
        ProjectResolver projects, IndexNameExpressionResolver resolver) {
        super(DeleteDataStreamAction.NAME, transport, cluster, threads, filters, DeleteDataStreamAction.Request::new,
            EsExecutors.DIRECT_EXECUTOR_SERVICE);
        this.projects = projects;
        this.resolver = resolver;
    }

    @Override
    @SuppressWarnings("deprecation") // one task at a time is what a test server needs
    protected void masterOperation(
        Task task, DeleteDataStreamAction.Request request, ClusterState state,
        ActionListener<AcknowledgedResponse> listener) {
        var id = projects.getProjectId();
        var removal = new ClusterStateUpdateTask(Priority.HIGH, request.masterNodeTimeout()) {
            @Override
            public ClusterState execute(ClusterState current) {
                ProjectState project = current.projectState(id);
                var streams = resolver.dataStreamNames(project.metadata(), request.indicesOptions(), request.getNames())
                    .stream()
                    .map(project.metadata().dataStreams()::get)
                    .collect(Collectors.toSet());
                return MetadataDataStreamsService.deleteDataStreams(project, streams, clusterService.getSettings());
            }

            @Override
            public void onFailure(Exception e) {
                listener.onFailure(e);
            }

            @Override
            public void clusterStateProcessed(ClusterState before, ClusterState after) {
                listener.onResponse(AcknowledgedResponse.TRUE);
            }
        };
        clusterService.submitUnbatchedStateUpdateTask("delete-data-streams", removal);
    }

    @Override
    protected ClusterBlockException checkBlock(DeleteDataStreamAction.Request request, ClusterState state) {
        return state.blocks().globalBlockedException(projects.getProjectId(), ClusterBlockLevel.METADATA_WRITE);
    }
}
