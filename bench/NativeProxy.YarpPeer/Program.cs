using System;
using System.IO;
using System.Runtime;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpLogging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;

namespace NativeProxy.YarpPeer;

/// <summary>
/// YARP with a configuration file, as a peer of the comparison: "yarppeer FILE" runs it, "yarppeer version" says what it is. The file is an
/// appsettings.json; its key AccessLog names the access log (framework's W3C logger), without it nothing is logged.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (args is ["version"])
        {
            Console.WriteLine($"YARP {typeof(IProxyConfig).Assembly.GetName().Version?.ToString(3)} on {RuntimeInformation.FrameworkDescription}, JIT, {Collector()}");
            return 0;
        }
        if (args is not [var file])
        {
            Console.Error.WriteLine("usage: yarppeer FILE | yarppeer version");
            return 1;
        }
        Build(Path.GetFullPath(file)).Run();
        return 0;
    }

    private static string Collector() => GCSettings.IsServerGC ? "server GC (the template's default)" : "workstation GC";

    private static WebApplication Build(string file)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddJsonFile(file, optional: false, reloadOnChange: false);
        builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
        string? log = builder.Configuration["AccessLog"];
        if (log is not null)
            builder.Services.AddW3CLogging(options => Configure(options, log));
        WebApplication application = builder.Build();
        if (log is not null)
            application.UseW3CLogging();
        application.MapReverseProxy();
        return application;
    }

    /// <summary>One file without a limit; the framework appends date and number to its name.</summary>
    private static void Configure(W3CLoggerOptions options, string log)
    {
        options.LogDirectory = Path.GetDirectoryName(log)!;
        options.FileName = Path.GetFileName(log);
        options.FileSizeLimit = null;
        options.LoggingFields = W3CLoggingFields.Date | W3CLoggingFields.Time | W3CLoggingFields.ClientIpAddress | W3CLoggingFields.Method
            | W3CLoggingFields.UriStem | W3CLoggingFields.UriQuery | W3CLoggingFields.ProtocolStatus | W3CLoggingFields.TimeTaken
            | W3CLoggingFields.ProtocolVersion | W3CLoggingFields.Host;
    }
}
