using System;
using System.CommandLine;
using System.Net;
using System.Net.Sockets;

namespace NativeProxy.LoadTest.CommandLine;

/// <summary>Options and arguments that are IPv4 addresses with a port.</summary>
internal static class EndPoints
{
    /// <summary>An option such as <c>--listen 127.0.0.1:9001</c>; a port alone means 127.0.0.1.</summary>
    public static Option<IPEndPoint> Option(string name, string description, bool isRequired = true) => new(name)
    {
        Description = description,
        HelpName = "ADDRESS:PORT",
        Required = isRequired,
        CustomParser = result =>
        {
            IPEndPoint? endPoint = Parse(result.Tokens[0].Value);
            if (endPoint is null)
                result.AddError($"{name}: \"{result.Tokens[0].Value}\" is not an IPv4 address with a port, such as 127.0.0.1:8080");
            return endPoint;
        },
    };

    /// <summary>Null when the text is no IPv4 address with a port.</summary>
    public static IPEndPoint? Parse(string text)
    {
        if (ushort.TryParse(text, out ushort port) && port > 0)
            return new IPEndPoint(IPAddress.Loopback, port);
        text = text.Replace("localhost", "127.0.0.1", StringComparison.Ordinal);
        return IPEndPoint.TryParse(text, out IPEndPoint? endPoint) && endPoint.Port > 0 && endPoint.AddressFamily == AddressFamily.InterNetwork
            ? endPoint
            : null;
    }
}
