package org.opensaml.saml.saml2.core;

/** An empty stand-in, written for okta-mim-ecs: OpenSAML is not on Maven Central, and nobody logs in by SAML here. */
public interface StatusResponseType {}
