package gaps;

import java.io.IOException;
import java.util.List;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.datastreams.lifecycle.PutDataStreamLifecycleAction;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.IndicesOptions;
import org.elasticsearch.action.support.master.AcknowledgedResponse;
import org.elasticsearch.action.support.master.AcknowledgedTransportMasterNodeAction;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.block.ClusterBlockException;
import org.elasticsearch.cluster.block.ClusterBlockLevel;
import org.elasticsearch.cluster.metadata.DataStreamLifecycle;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.metadata.MetadataDataStreamsService;
import org.elasticsearch.cluster.project.ProjectResolver;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.Strings;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestRequest.Method;
import org.elasticsearch.rest.RestUtils;
import org.elasticsearch.rest.action.RestToXContentListener;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.transport.TransportService;

/**
 * PUT _data_stream/NAME/_lifecycle: the server's own parser reads the lifecycle and its own service keeps it. Nothing here
 * deletes what is older: that is the module's work (stand-in for the data-streams module).
 */
final class DataStreamLifecycles {
    private DataStreamLifecycles() {}

    static final class Handler extends BaseRestHandler {
        @Override
        public String getName() {
            return "gaps_data_stream_lifecycle";
        }

        @Override
        public List<Route> routes() {
            return List.of(new Route(Method.PUT, "/_data_stream/{name}/_lifecycle"));
        }

        @Override
        protected RestChannelConsumer prepareRequest(RestRequest http, NodeClient client) throws IOException {
            try (var parser = http.contentParser()) {
                var request = new PutDataStreamLifecycleAction.Request(
                    RestUtils.getMasterNodeTimeout(http), RestUtils.getAckTimeout(http),
                    Strings.splitStringByCommaToArray(http.param("name")),
                    DataStreamLifecycle.dataLifecycleFromXContent(parser));
                request.indicesOptions(IndicesOptions.fromRequest(http, request.indicesOptions()));
                return channel -> client.execute(
                    PutDataStreamLifecycleAction.INSTANCE, request, new RestToXContentListener<>(channel));
            }
        }
    }

    public static final class Put extends AcknowledgedTransportMasterNodeAction<PutDataStreamLifecycleAction.Request> {
        private final MetadataDataStreamsService service;
        private final ProjectResolver projects;
        private final IndexNameExpressionResolver resolver;

        @Inject
        public Put(
            TransportService transport, ClusterService cluster, ThreadPool threads, ActionFilters filters,
            ProjectResolver projects, IndexNameExpressionResolver resolver, MetadataDataStreamsService service) {
            super(PutDataStreamLifecycleAction.INSTANCE.name(), transport, cluster, threads, filters,
                PutDataStreamLifecycleAction.Request::new, EsExecutors.DIRECT_EXECUTOR_SERVICE);
            this.service = service;
            this.projects = projects;
            this.resolver = resolver;
        }

        @Override
        protected void masterOperation(
            Task task, PutDataStreamLifecycleAction.Request request, ClusterState state,
            ActionListener<AcknowledgedResponse> listener) {
            var id = projects.getProjectId();
            var names = resolver.dataStreamNames(
                state.projectState(id).metadata(), request.indicesOptions(), request.getNames());
            service.setLifecycle(
                id, names, request.getLifecycle(), request.ackTimeout(), request.masterNodeTimeout(), listener);
        }

        @Override
        protected ClusterBlockException checkBlock(PutDataStreamLifecycleAction.Request request, ClusterState state) {
            return state.blocks().globalBlockedException(projects.getProjectId(), ClusterBlockLevel.METADATA_WRITE);
        }
    }
}
