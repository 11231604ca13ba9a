package launcher;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Set;

import org.elasticsearch.common.io.stream.StreamOutput;
import org.elasticsearch.common.settings.SecureSettings;
import org.elasticsearch.common.settings.SecureString;

/** The one secret that a test server has, in memory: no keystore file has to be made. */
record Secret(String name, String value) implements SecureSettings {
    @Override
    public boolean isLoaded() {
        return true;
    }

    @Override
    public Set<String> getSettingNames() {
        return Set.of(name);
    }

    @Override
    public SecureString getString(String setting) {
        return name.equals(setting) ? new SecureString(value.toCharArray()) : null;
    }

    @Override
    public InputStream getFile(String setting) {
        return new ByteArrayInputStream(bytes());
    }

    @Override
    public byte[] getSHA256Digest(String setting) throws GeneralSecurityException {
        return MessageDigest.getInstance("SHA-256").digest(bytes());
    }

    @Override
    public void close() {}

    @Override
    public void writeTo(StreamOutput out) {
        throw new UnsupportedOperationException("one node has nobody to send it to");
    }

    private byte[] bytes() {
        return value.getBytes(StandardCharsets.UTF_8);
    }
}
