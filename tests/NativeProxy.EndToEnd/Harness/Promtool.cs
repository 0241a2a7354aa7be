using System.Diagnostics;
using System.Threading.Tasks;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>Runs the checker of Prometheus; for tests that are a <see cref="PromtoolFactAttribute"/>.</summary>
internal static class Promtool
{
    /// <summary>Its exit code, and all that it has said.</summary>
    /// <param name="input">What it reads from its standard input.</param>
    /// <param name="arguments">What it is to do.</param>
    public static async Task<(int ExitCode, string Words)> Run(string input, params string[] arguments)
    {
        using Process promtool = Process.Start(new ProcessStartInfo(PromtoolFactAttribute.Name, arguments) { RedirectStandardInput = true,
            RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            Task<string> output = promtool.StandardOutput.ReadToEndAsync();
            Task<string> errors = promtool.StandardError.ReadToEndAsync();
            await promtool.StandardInput.WriteAsync(input);
            promtool.StandardInput.Close();
            await Deadline.For(promtool.WaitForExitAsync(), () => "promtool to end: " + string.Join(' ', arguments));
            return (promtool.ExitCode, await errors + await output);
        }
        finally
        {
            if (!promtool.HasExited)
                promtool.Kill();
        }
    }
}
