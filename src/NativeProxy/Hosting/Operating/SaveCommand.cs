using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>
/// `nativeproxy save`: what operators have set of servers while the proxy runs is written into its file, so that it holds over a restart. Done with
/// the rights of whoever runs it; the proxy itself writes no settings. Stateless.
/// </summary>
internal static class SaveCommand
{
    /// <summary>Returns the exit code: 1 when something that was set is not in the file afterwards.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="isTrial">Says what would be written, and writes nothing.</param>
    public static int Run(string configPath, bool isTrial)
    {
        if (!SettingsFile.TryRead(configPath, out SettingsText? text, out SettingsResult refused))
            return OperatorText.Failed(refused.Errors[0].ToString());
        SettingsResult result = SettingsFile.Parse(text);
        if (!result.IsOk)
            return OperatorText.Failed($"{configPath} has errors; `nativeproxy check` lists them. Nothing is written");
        if (AdminClient.Of(configPath, out string problem) is not { } client
            || !client.TryAsk("GET", "/api/servers", "", out JsonDocument? servers, out problem))
        {
            return OperatorText.Failed(problem);
        }
        var problems = new List<string>();
        using (servers)
        {
            List<ServerValue> values = ValuesOf(servers!.RootElement.GetProperty("servers"), result.Settings, problems);
            Write(text, values, isTrial, problems);
        }
        problems.ForEach(static line => Console.Error.WriteLine(line));
        return problems.Count == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    /// <summary>What the file should say and does not.</summary>
    /// <param name="servers">As the API shows them.</param>
    /// <param name="settings">Of the file as it is now.</param>
    /// <param name="problems">Hears what cannot be said there.</param>
    public static List<ServerValue> ValuesOf(JsonElement servers, in ProxySettings settings, List<string> problems)
    {
        var values = new List<ServerValue>();
        foreach (JsonElement server in servers.EnumerateArray())
        {
            string name = $"{server.GetProperty("upstream").GetString()}/{server.GetProperty("server").GetString()}";
            JsonElement wanted = server.GetProperty("operator");
            string state = wanted.GetProperty("state").GetString()!;
            int percent = wanted.GetProperty("weight_percent").GetInt32();
            bool isOtherState = state != wanted.GetProperty("state_in_file").GetString();
            int? limit = wanted.GetProperty("max_connections") is { ValueKind: JsonValueKind.Number } set ? set.GetInt32() : null;
            if (!isOtherState && percent == 100 && limit is null)
                continue;
            if (Find(settings, name, server.GetProperty("address").GetString()!) is not { } written)
            {
                problems.Add($"{name} is not saved: the file has no such server");
                continue;
            }
            if (isOtherState && state != OperatorStates.NameOf(written.State))
                values.Add(new ServerValue(name, "state", $"\"{state}\""));
            if (percent != 100)
                AddWeight(values, name, server.GetProperty("weight").GetInt32(), percent, written.Weight, problems);
            if (limit is { } connections && connections != written.MaxConnections)
                values.Add(new ServerValue(name, "max_connections", connections.ToString(CultureInfo.InvariantCulture)));
        }
        return values;
    }

    private static void AddWeight(List<ServerValue> values, string name, int weight, int percent, int weightInFile, List<string> problems)
    {
        int share = (int)Math.Round(weight * percent / 100.0, MidpointRounding.AwayFromZero);
        if (weight == 0 || (weightInFile == share && share != weight))
            return;
        if (weightInFile != weight)
            problems.Add($"{name} is not saved: its weight in the file is {weightInFile}, in force is {weight}: `nativeproxy reload` first");
        else if (share is 0 || share == weight)
            problems.Add($"{name} is not saved: {percent} % of weight {weight} is no weight; multiply the weights of its upstream first");
        else
            values.Add(new ServerValue(name, "weight", share.ToString(CultureInfo.InvariantCulture)));
    }

    private static UpstreamServerSettings? Find(in ProxySettings settings, string name, string address)
    {
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            foreach (UpstreamServerSettings server in upstream.Servers)
            {
                if ($"{upstream.Name}/{server.Name}" == name && server.Address == address)
                    return server;
            }
        }
        return null;
    }

    private static void Write(SettingsText text, List<ServerValue> values, bool isTrial, List<string> problems)
    {
        var edit = new ServerEdit(text);
        var said = new List<string>();
        foreach (ServerValue value in values)
        {
            if (edit.Set(value, out string problem) is { } place)
                said.Add($"{value.Server}: {value.Key} = {value.Value}, in {place}");
            else
                problems.Add($"{value.Server} is not saved: {problem}");
        }
        SettingsText changed = edit.Result();
        if (SettingsFile.Parse(changed) is { IsOk: false } refused)
        {
            problems.Add($"nothing is written, since the file would not be right then: {refused.Errors[0]}");
            return;
        }
        if (!isTrial && FileProblem(text, changed) is { } failure)
        {
            problems.Add(failure);
            return;
        }
        said.ForEach(static line => Console.Out.WriteLine(line));
        Console.Out.WriteLine(
            said.Count == 0 ? "nothing to write: the file says what operators have set" : isTrial ? "nothing is written (--dry-run)" : "written");
    }

    /// <summary>Writes the files that have changed. Null, or why one could not be; those before it are written then.</summary>
    private static string? FileProblem(SettingsText before, SettingsText after)
    {
        for (int i = 0; i < after.Parts.Count; i++)
        {
            (string name, byte[] bytes) = after.Parts[i];
            if (!bytes.AsSpan().SequenceEqual(before.Parts[i].Bytes) && FileExchange.ProblemOf(name, before.Parts[i].Bytes, bytes) is { } problem)
                return $"{name} is not written: {problem}";
        }
        return null;
    }
}
