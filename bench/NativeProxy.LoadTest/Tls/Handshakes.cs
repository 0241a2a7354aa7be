namespace NativeProxy.LoadTest.Tls;

/// <summary>How many handshakes a load has made, by their end.</summary>
internal readonly record struct Handshakes(long Full, long Resumed, long Failed)
{
    public static Handshakes operator +(Handshakes one, Handshakes other) =>
        new(one.Full + other.Full, one.Resumed + other.Resumed, one.Failed + other.Failed);
}
