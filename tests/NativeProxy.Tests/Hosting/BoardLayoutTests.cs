using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using NativeProxy.Caching;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
using NativeProxy.Metrics;
using NativeProxy.Quotas;
using NativeProxy.Recording;
using NativeProxy.Upstreams.Board;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>
/// Two builds share memory at an upgrade only if they mean the same by every byte of it. What that depends on is written down here as text, and the
/// build carries the sum of it.
/// </summary>
public class BoardLayoutTests
{
    /// <summary>Whose constants and structs lay out the boards. A further board belongs here.</summary>
    private static readonly Type[] Owners =
    [
        typeof(CounterBoard), typeof(ServerBoard), typeof(CloseBoard), typeof(PulseBoard), typeof(ChangeBoard), typeof(LimitBoard),
        typeof(LatencyBoard), typeof(CloseRing), typeof(CloseRecord), typeof(LatencyRow), typeof(CountTable), typeof(RateTable), typeof(RateCell),
        typeof(ServerSlotMemory), typeof(ServerPlacesMemory), typeof(ServerEjectionMemory), typeof(GroupSlotMemory), typeof(StickRoom),
        typeof(StickTable), typeof(StickEntry), typeof(StickPart), typeof(LoopPulseMemory), typeof(SharedMemory), typeof(SharedBell),
        typeof(RecorderBoard), typeof(MessageRing), typeof(MessageRecord), typeof(ShortText), typeof(TapRing), typeof(RecordingOrder),
        typeof(RecordingTerms),
    ];

    [Fact]
    public void LayoutId_IsTheSumOfAllThatTheBoardsAreMadeOf()
    {
        string sum = StableHash.Of(Encoding.UTF8.GetBytes(Describe())).ToString("x16", CultureInfo.InvariantCulture);
        Assert.True(sum == Boards.LayoutId, $"the boards are laid out otherwise: Boards.LayoutId is to be \"{sum}\"");
    }

    /// <summary>Every board of <see cref="Boards"/> is among them.</summary>
    [Fact]
    public void EveryBoard_IsLookedAt()
    {
        IEnumerable<Type> boards = typeof(Boards).GetProperties().Select(static property => property.PropertyType)
            .Where(static type => type.Name.EndsWith("Board", StringComparison.Ordinal));
        Assert.Empty(boards.Except(Owners));
    }

    private static string Describe()
    {
        var text = new StringBuilder();
        foreach (Type type in Owners.SelectMany(static owner => (Type[])[owner, .. owner.GetNestedTypes(BindingFlags.NonPublic)])
            .OrderBy(static type => type.FullName, StringComparer.Ordinal))
        {
            if (type.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute)))
                continue;
            text.Append(type.FullName).Append('\n');
            if (type is { IsValueType: true, IsEnum: false })
                text.Append(type.StructLayoutAttribute?.Value).Append(' ').Append(type.StructLayoutAttribute?.Size).Append('\n');
            foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
                .OrderBy(static field => field.MetadataToken))
            {
                if (field.IsLiteral)
                {
                    text.Append(CultureInfo.InvariantCulture, $"  const {field.Name} = {field.GetRawConstantValue()}\n");
                }
                else if (type.IsValueType && !field.IsStatic)
                {
                    int? offset = field.GetCustomAttribute<FieldOffsetAttribute>()?.Value;
                    text.Append(CultureInfo.InvariantCulture, $"  {field.FieldType.Name} {field.Name} {offset}\n");
                }
            }
        }
        foreach (CounterInfo counter in CounterTable.Rows)
            text.Append(CultureInfo.InvariantCulture, $"{counter.Name} {counter.Label}\n");
        foreach (CloseReason reason in Enum.GetValues<CloseReason>())
            text.Append(CultureInfo.InvariantCulture, $"{reason}\n");
        foreach (ServerCloseReason reason in Enum.GetValues<ServerCloseReason>())
            text.Append(CultureInfo.InvariantCulture, $"{reason}\n");
        return text.ToString();
    }
}
