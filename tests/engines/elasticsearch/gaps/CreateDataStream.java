package gaps;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.datastreams.CreateDataStreamAction;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.master.AcknowledgedResponse;
import org.elasticsearch.action.support.master.AcknowledgedTransportMasterNodeAction;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.block.ClusterBlockException;
import org.elasticsearch.cluster.block.ClusterBlockLevel;
import org.elasticsearch.cluster.metadata.MetadataCreateDataStreamService;
import org.elasticsearch.cluster.metadata.MetadataCreateDataStreamService.CreateDataStreamClusterStateUpdateRequest;
import org.elasticsearch.cluster.project.ProjectResolver;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.transport.TransportService;

/** The action behind PUT _data_stream; the server's own service does the work. */
public final class CreateDataStream extends AcknowledgedTransportMasterNodeAction<CreateDataStreamAction.Request> {
    private final MetadataCreateDataStreamService service;
    private final ProjectResolver projects;

    @Inject
    public CreateDataStream(
        TransportService transport, ClusterService cluster, ThreadPool threads, ActionFilters filters,
        ProjectResolver projects, MetadataCreateDataStreamService service) {
        super(CreateDataStreamAction.NAME, transport, cluster, threads, filters, CreateDataStreamAction.Request::new,
            EsExecutors.DIRECT_EXECUTOR_SERVICE);
        this.service = service;
        this.projects = projects;
    }

    @Override
    protected void masterOperation(
        Task task, CreateDataStreamAction.Request request, ClusterState state,
        ActionListener<AcknowledgedResponse> listener) {
        service.createDataStream(
            new CreateDataStreamClusterStateUpdateRequest(
                projects.getProjectId(), request.getName(), request.getStartTime(), null,
                request.masterNodeTimeout(), request.ackTimeout()),
            listener);
    }

    @Override
    protected ClusterBlockException checkBlock(CreateDataStreamAction.Request request, ClusterState state) {
        return state.blocks().globalBlockedException(projects.getProjectId(), ClusterBlockLevel.METADATA_WRITE);
    }
}
