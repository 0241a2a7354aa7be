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
/// appsettings.json; its key AccessLog says whether requests are logged (framework's HTTP logging, to the console).
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (args is ["version"])
        {
            Console.WriteLine($"YARP {typeof(IProxyConfig).Assembly.GetName().Version?.ToString(3)} on {RuntimeInformation.FrameworkDescription}, "
                + $"JIT, {Collector()}");
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
        bool hasAccessLog = builder.Configuration.GetValue<bool>("AccessLog");
        if (hasAccessLog)
            builder.Services.AddHttpLogging(Configure);
        WebApplication application = builder.Build();
        if (hasAccessLog)
            application.UseHttpLogging();
        application.MapReverseProxy();
        return application;
    }

    /// <summary>One line per request, as access logs have it. The framework's logger into a file (W3C) stands still under such a load.</summary>
    private static void Configure(HttpLoggingOptions options)
    {
        options.CombineLogs = true;
        options.LoggingFields = HttpLoggingFields.RequestMethod | HttpLoggingFields.RequestPath | HttpLoggingFields.RequestQuery
            | HttpLoggingFields.RequestProtocol | HttpLoggingFields.ResponseStatusCode | HttpLoggingFields.Duration;
    }
}
