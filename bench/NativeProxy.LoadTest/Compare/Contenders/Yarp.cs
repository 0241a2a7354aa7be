using System;
using System.Collections.Generic;

namespace NativeProxy.LoadTest.Compare.Contenders;

/// <summary>
/// YARP in a small program of ours (bench/NativeProxy.YarpPeer), on the installed ASP.NET Core, with everything as its template has it but
/// logging. Its access log goes to standard output, which is a file here. It compiles its code while it runs, so it gets a longer warm-up.
/// </summary>
/// <param name="runtimePath">The dotnet host.</param>
/// <param name="assemblyPath">The published program.</param>
internal sealed class Yarp(string runtimePath, string assemblyPath) : Contender(YarpName)
{
    public const string YarpName = "yarp";

    public override string Version { get; } = ProgramVersion.Ask(runtimePath, assemblyPath, "version");

    public override TimeSpan WarmUpMin => TimeSpan.FromSeconds(5);

    public override string Configuration(ContenderSetup setup) => $$"""
        {
          "Logging": {
            "LogLevel": { "Default": "None"{{(setup.HasAccessLog ? ", \"Microsoft.AspNetCore.HttpLogging\": \"Information\"" : "")}} },
            "Console": { "FormatterName": "simple", "FormatterOptions": { "SingleLine": true } }
          },
          "AccessLog": {{(setup.HasAccessLog ? "true" : "false")}},
          "Kestrel": { "Endpoints": { "web": { "Url": "http://{{setup.Listen}}", "Protocols": "Http1" } } },
          "ReverseProxy": {
            "Routes": { "all": { "ClusterId": "app", "Match": { "Path": "{**rest}" } } },
            "Clusters": {
              "app": {
                "HttpRequest": { "Version": "1.1", "VersionPolicy": "RequestVersionExact" },
                "Destinations": { "a": { "Address": "http://{{setup.Origin}}/" } }
              }
            }
          }
        }

        """;

    public override IReadOnlyList<string> Command(ContenderSetup setup) => [runtimePath, assemblyPath, setup.ConfigurationPath];
}
