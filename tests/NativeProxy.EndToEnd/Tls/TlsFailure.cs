using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>The TLS of a test's peer has come to an end that it did not want, in OpenSSL's words: those of the alert, where one has come.</summary>
internal sealed class TlsFailure(string words) : XunitException(words);
