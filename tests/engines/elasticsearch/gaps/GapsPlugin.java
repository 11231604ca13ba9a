package gaps;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.elasticsearch.action.datastreams.CreateDataStreamAction;
import org.elasticsearch.action.datastreams.DeleteDataStreamAction;
import org.elasticsearch.action.datastreams.GetDataStreamAction;
import org.elasticsearch.action.datastreams.lifecycle.PutDataStreamLifecycleAction;
import org.elasticsearch.cluster.metadata.IndexMetadata;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.index.mapper.KeywordFieldMapper;
import org.elasticsearch.index.mapper.Mapper;
import org.elasticsearch.index.mapper.NumberFieldMapper.NumberType;
import org.elasticsearch.index.mapper.TextFieldMapper;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.MapperPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.RestHandler;

/**
 * Stand-ins, written for okta-mim-ecs and not Elastic's code, for what our tests touch in the Elasticsearch modules that
 * Maven Central does not have: rest-root, data-streams, x-pack-ilm (its settings only), four mapper
 * modules, and of analysis-common what the index of security needs.
 * Everything else, among it bulk, templates, index mappings, rollover, search and the failure store, is the stock server.
 */
public final class GapsPlugin extends Plugin implements ActionPlugin, AnalysisPlugin, MapperPlugin {
    /** Accepted, kept and never acted upon. */
    @Override
    public List<Setting<?>> getSettings() {
        return List.of(indexSetting(IndexMetadata.LIFECYCLE_NAME), indexSetting("index.lifecycle.rollover_alias"));
    }

    private static Setting<String> indexSetting(String name) {
        return Setting.simpleString(name, Setting.Property.Dynamic, Setting.Property.IndexScope);
    }

    @Override
    public Collection<RestHandler> getRestHandlers(
        RestHandlersServices services, Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> features) {
        return List.of(new Root.Handler(), new DataStreamHandler(), new DataStreamLifecycles.Handler());
    }

    /** Under the names that the real modules use, so that privileges mean the same. */
    @Override
    public List<ActionHandler> getActions() {
        return List.of(
            new ActionHandler(Root.TYPE, Root.Action.class),
            new ActionHandler(GetDataStreamAction.INSTANCE, GetDataStreams.class),
            new ActionHandler(CreateDataStreamAction.INSTANCE, CreateDataStream.class),
            new ActionHandler(DeleteDataStreamAction.INSTANCE, DeleteDataStreams.class),
            new ActionHandler(PutDataStreamLifecycleAction.INSTANCE, DataStreamLifecycles.Put.class));
    }

    /**
     * The nearest type that the server has; GET _mapping shows that type. The parsers are passed on as they are where
     * possible, since the server allows only its own kind of parser, and no lambda, in multi-fields.
     */
    @Override
    public Map<String, Mapper.TypeParser> getMappers() {
        return Map.of(
            "wildcard", KeywordFieldMapper.PARSER,
            "match_only_text", TextFieldMapper.PARSER,
            "constant_keyword", without("value", KeywordFieldMapper.PARSER), // so any value is accepted
            "scaled_float", without("scaling_factor", NumberType.DOUBLE.parser()));
    }

    @Override
    public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        return SecurityIndexAnalysis.tokenizers();
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        return SecurityIndexAnalysis.filters();
    }

    private static Mapper.TypeParser without(String parameter, Mapper.TypeParser parser) {
        return (name, node, context) -> {
            node.remove(parameter);
            return parser.parse(name, node, context);
        };
    }
}
