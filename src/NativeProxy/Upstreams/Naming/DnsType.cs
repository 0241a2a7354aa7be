namespace NativeProxy.Upstreams.Naming;

/// <summary>Types of DNS records that are asked for or followed (RFC 1035 3.2.2, RFC 3596, RFC 2782).</summary>
internal enum DnsType : ushort
{
    A = 1,
    Cname = 5,
    Aaaa = 28,
    Srv = 33,
}
