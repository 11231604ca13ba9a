package gaps;

import java.util.List;

import org.elasticsearch.action.datastreams.CreateDataStreamAction;
import org.elasticsearch.action.datastreams.DeleteDataStreamAction;
import org.elasticsearch.action.datastreams.GetDataStreamAction;
import org.elasticsearch.action.support.IndicesOptions;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.Strings;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestRequest.Method;
import org.elasticsearch.rest.RestUtils;
import org.elasticsearch.rest.action.RestToXContentListener;

/** GET, PUT and DELETE _data_stream (stand-in for the data-streams module). */
final class DataStreamHandler extends BaseRestHandler {
    @Override
    public String getName() {
        return "gaps_data_stream";
    }

    @Override
    public List<Route> routes() {
        return List.of(
            new Route(Method.GET, "/_data_stream"),
            new Route(Method.GET, "/_data_stream/{name}"),
            new Route(Method.PUT, "/_data_stream/{name}"),
            new Route(Method.DELETE, "/_data_stream/{name}"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest http, NodeClient client) {
        String[] names = Strings.splitStringByCommaToArray(http.param("name", "*"));
        TimeValue timeout = RestUtils.getMasterNodeTimeout(http);
        switch (http.method()) {
            case PUT -> {
                var request = new CreateDataStreamAction.Request(timeout, RestUtils.getAckTimeout(http), http.param("name"));
                return channel -> client.execute(
                    CreateDataStreamAction.INSTANCE, request, new RestToXContentListener<>(channel));
            }
            case DELETE -> {
                var request = new DeleteDataStreamAction.Request(timeout, names);
                request.indicesOptions(IndicesOptions.fromRequest(http, request.indicesOptions()));
                return channel -> client.execute(
                    DeleteDataStreamAction.INSTANCE, request, new RestToXContentListener<>(channel));
            }
            default -> {
                var request = new GetDataStreamAction.Request(timeout, names);
                request.indicesOptions(IndicesOptions.fromRequest(http, request.indicesOptions()));
                return channel -> client.execute(
                    GetDataStreamAction.INSTANCE, request, new RestToXContentListener<>(channel));
            }
        }
    }
}
