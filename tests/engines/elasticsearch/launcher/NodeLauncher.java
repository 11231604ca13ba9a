package launcher;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import org.elasticsearch.bootstrap.BootstrapInfo;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * Starts a stock Elasticsearch node; its home and configuration folders come from -Des.path.home and -Des.path.conf, the
 * password of the user elastic, where it has users, from the environment variable ES_BOOTSTRAP_PASSWORD.
 *
 * <p>Elasticsearch's own main class insists on the entitlement agent, a jar that Maven Central does not have, and refuses
 * to run as root, as containers often do. This one goes the same way through public classes without those two steps, so
 * the node has no entitlements, no bootstrap checks and no seccomp filter: good for tests, and only for tests.
 */
public final class NodeLauncher {
    private NodeLauncher() {}

    public static void main(String[] args) throws Exception {
        LogConfigurator.registerErrorListener();
        BootstrapInfo.init();
        Settings.Builder settings = Settings.builder().put("path.home", System.getProperty("es.path.home"));
        String password = System.getenv("ES_BOOTSTRAP_PASSWORD");
        if (password != null) {
            settings.setSecureSettings(new Secret("bootstrap.password", password));
        }
        Environment environment = InternalSettingsPreparer.prepareEnvironment(
            settings.build(),
            Map.of(),
            Path.of(System.getProperty("es.path.conf")),
            () -> InetAddress.getLoopbackAddress().getHostName());
        LogConfigurator.setNodeName(Node.NODE_NAME_SETTING.get(environment.settings()));
        LogConfigurator.configure(environment, true);

        Node node = new Node(environment, PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir(), false),
            PluginsLoader.loadPluginsBundles(environment.pluginsDir(), false),
            Map.of(),
            false)); // on the class path: no module layers
        CountDownLatch closed = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node, closed), "close-node"));
        node.start();
        closed.await(); // the node's own threads are daemons
    }

    private static void close(Node node, CountDownLatch closed) {
        try {
            node.prepareForClose();
            node.close();
        } catch (Exception e) {
            e.printStackTrace();
        } finally {
            closed.countDown();
        }
    }
}
