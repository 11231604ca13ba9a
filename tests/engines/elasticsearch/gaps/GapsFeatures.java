package gaps;

import java.util.Set;

import org.elasticsearch.cluster.metadata.DataStream;
import org.elasticsearch.features.FeatureSpecification;
import org.elasticsearch.features.NodeFeature;

/** Announces the failure store, as the data-streams module does: the server's bulk code redirects nothing without it. */
public final class GapsFeatures implements FeatureSpecification {
    @Override
    public Set<NodeFeature> getFeatures() {
        return Set.of(DataStream.DATA_STREAM_FAILURE_STORE_FEATURE);
    }
}
