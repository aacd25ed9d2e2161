"""How each kind of chart is drawn, by Altair, of rows that are named only: see `serbench.report.charts`."""

from typing import TypeAlias

import altair as alt

from serbench.report.rows import METHODS, PURPOSES
from serbench.results import HALVES, WHOLE, Operation

SHOWN = 24
"""How many codecs a chart of bars has, unless more are asked for."""
LINES = 8
"""How many codecs a chart of lines has: as many as there are colours."""
CUT = 8
"""Bars of times are cut at so many times their median, and say how long they are."""
BANDWIDTH = 10e6
"""Bits a second, of the link that is shown unless another is asked for."""

BLUE, ORANGE, GREEN, PURPLE = "#2f7fc1", "#c96f12", "#22936f", "#9a6bc4"
YELLOW, PINK, SKY, GREY = "#a88608", "#c9588f", "#2f97b0", "#7d8793"
RED = "#d0433a"
PALETTE = [BLUE, ORANGE, GREEN, PURPLE, YELLOW, PINK, SKY, GREY]
STATUS = {
    "ok": f"{GREEN}38",
    "lossy": YELLOW,
    "unsupported": GREY,
    "unavailable": PURPLE,
    "defect": PINK,
    "failed": RED,
    "control": SKY,
}

TIME = (
    "datum.value >= 1e9 ? format(datum.value / 1e9, '~g') + ' s' : datum.value >= 1e6 ? format(datum.value / 1e6, '~g')"
    " + ' ms' : datum.value >= 1e3 ? format(datum.value / 1e3, '~g') + ' µs' : format(datum.value, '~g') + ' ns'"
)
Drawing: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart
Fields: TypeAlias = list[str | alt.FieldName]
ROWS = alt.NamedData("rows")


def scatter() -> Drawing:
    """Size against time of a data set."""
    return _scatter(
        ("bytes", "bytes per message", alt.Axis(format="~s")),
        ("round_trip", "encode + decode", alt.Axis(labelExpr=TIME)),
    )


def overview() -> Drawing:
    """Size against time over all data sets."""
    return _scatter(
        ("bytes_ratio", "times the bytes of the smallest", alt.Axis(format="~g")),
        ("time_ratio", "times the time of the fastest", alt.Axis(format="~g")),
    )


def _scatter(x: tuple[str, str, alt.Axis], y: tuple[str, str, alt.Axis]) -> Drawing:
    """The Pareto front is a step line: nothing lies below it. Codecs on it are named; the others have a tip."""
    (across, across_title, across_axis), (up, up_title, up_axis) = x, y
    base = (
        alt.Chart(ROWS)
        .transform_window(
            least=f"min({up})",
            sort=[alt.SortField(across), alt.SortField(up)],
        )
        .transform_window(
            before="lag(least)",
            sort=[alt.SortField(across), alt.SortField(up)],
        )
        .transform_calculate(front=f"!isValid(datum.before) || datum.{up} < datum.before")
        .encode(
            x=alt.X(across, type="quantitative", title=f"{across_title} (log)", axis=across_axis).scale(
                type="log", nice=False, padding=14
            ),
            y=alt.Y(up, type="quantitative", title=f"{up_title} (log)", axis=up_axis).scale(
                type="log", nice=False, padding=14
            ),
        )
    )
    on_front = base.transform_filter("datum.front")
    points = base.mark_point(size=62, strokeWidth=1.8, opacity=1).encode(
        stroke=alt.Stroke("form:N").scale(domain=["binary", "text"], range=[BLUE, ORANGE]),
        shape=alt.Shape("form:N").scale(domain=["binary", "text"], range=["square", "circle"]),
        fill=alt.Fill("form:N").scale(domain=["binary", "text"], range=[BLUE, ORANGE]),
        fillOpacity=alt.FillOpacity("describing:O").scale(domain=["agreed", "self-describing"], range=[0.85, 0]),
        tooltip=[
            alt.Tooltip("codec:N"),
            alt.Tooltip(across, type="quantitative", title=across_title, format=",.3~r"),
            alt.Tooltip(
                up, type="quantitative", title=up_title + (" (ns)" if up == "round_trip" else ""), format=",.3~r"
            ),
            alt.Tooltip("form:N"),
            alt.Tooltip("describing:N"),
            alt.Tooltip("language:N"),
        ],
    )
    line = on_front.mark_line(interpolate="step-after", strokeDash=[4, 3], strokeWidth=1.4, color=GREY).encode(
        order=alt.Order(across, type="quantitative")
    )
    numbered = on_front.transform_window(number="row_number()", sort=[alt.SortField(across)])
    names = [  # above and below in turn, for neighbours on the front are often close
        numbered.transform_calculate(name=f"datum.number % 2 == {odd} ? datum.codec : ''")
        .mark_text(align="left", dx=8, dy=down, fontSize=11)
        .encode(text="name:N")
        for odd, down in ((0, 12), (1, -8))
    ]
    return alt.layer(line, points, *names).properties(height=380)


def times() -> Drawing:
    """Bars of both directions with their intervals, fastest round trip first; what is far from usual is cut."""
    base = (
        _ranked("datum.encode + datum.decode")
        .transform_fold([*WHOLE], as_=["operation", "ns"])
        .transform_joinaggregate(usual="median(ns)")
        .transform_calculate(
            end=f"{CUT} * datum.usual",
            least="datum[datum.operation + '_low']",
            most="datum[datum.operation + '_high']",
        )
        .transform_calculate(
            shown="min(datum.ns, datum.end)",
            low="min(datum.least, datum.end)",
            high="min(datum.most, datum.end)",
        )
        .encode(y=_codecs(), yOffset=alt.YOffset("operation:N").scale(domain=[*WHOLE]))
    )
    bars = base.mark_bar().encode(
        x=_time("shown"),
        color=alt.Color("operation:N").scale(domain=[*WHOLE], range=[BLUE, ORANGE]),
        tooltip=[
            "codec:N",
            "operation:N",
            alt.Tooltip("ns:Q", format=",.4~r"),
            alt.Tooltip("least:Q", title="95 %, from", format=",.4~r"),
            alt.Tooltip("most:Q", title="to", format=",.4~r"),
        ],
    )
    whiskers = base.mark_rule(strokeWidth=1.3).encode(x=_time("low"), x2="high")
    beyond = (
        base.transform_calculate(value="datum.ns")
        .transform_calculate(told=f"datum.ns > datum.end ? ({TIME.replace('~g', '.3~r')}) + ' »' : ''")
        .mark_text(align="right", dx=-4, fontSize=9, fontWeight="bold", color="#ffffff")
        .encode(x=_time("shown"), text="told:N")
    )
    return alt.layer(bars, whiskers, beyond).properties(height=alt.Step(9))


def halves() -> Drawing:
    """What the library's own objects take of both directions, stacked, where it was measured apart."""
    parts = {"to_native": "populate", "encode_native": "encode", "decode_native": "decode", "from_native": "read out"}
    return (
        _ranked("datum.to_native + datum.encode_native + datum.decode_native + datum.from_native")
        .transform_fold([*HALVES], as_=["half", "ns"])
        .transform_calculate(
            direction="datum.half == 'to_native' || datum.half == 'encode_native' ? 'encode' : 'decode'",
            part=f"{parts}[datum.half]",
            step=f"indexof({[*parts]}, datum.half)",
        )
        .mark_bar()
        .encode(
            x=_time("ns"),
            y=_codecs(),
            yOffset=alt.YOffset("direction:N").scale(domain=[*WHOLE]),
            color=alt.Color("part:N").scale(domain=[*parts.values()], range=[SKY, BLUE, ORANGE, YELLOW]),
            order=alt.Order("step:Q"),
            tooltip=["codec:N", "part:N", alt.Tooltip("ns:Q", format=",.4~r")],
        )
        .properties(height=alt.Step(9))
    )


def sizes() -> Drawing:
    """Octets by what they are for, stacked, smallest first; whole where a codec cannot be explained."""
    fields: Fields = [f"purpose_{purpose}" for purpose in PURPOSES]
    return (
        _ranked("datum.bytes")
        .transform_fold(fields, as_=["field", "octets"])
        .transform_filter("datum.octets > 0")
        .transform_calculate(purpose="slice(datum.field, 8)", step=f"indexof({fields}, datum.field)")
        .mark_bar()
        .encode(
            x=_octets("octets"),
            y=_codecs(),
            color=alt.Color("purpose:N")
            .scale(domain=[*PURPOSES], range=[GREEN, ORANGE, BLUE, YELLOW, SKY, PINK, PURPLE, GREY])
            .legend(columns=4),
            order=alt.Order("step:Q"),
            tooltip=["codec:N", "purpose:N", alt.Tooltip("octets:Q", format=",.1~f")],
        )
        .properties(height=alt.Step(17))
    )


def compressed() -> Drawing:
    """A point for each method, smallest when compressed best first."""
    least = f"min({', '.join(f'isValid(datum[{name!r}]) ? datum[{name!r}] : 1e99' for name in METHODS)})"
    return (
        _ranked(least)
        .transform_fold([*METHODS], as_=["method", "octets"])
        .transform_filter("isValid(datum.octets)")
        .mark_point(size=44, filled=True, opacity=0.95)
        .encode(
            x=_octets("octets"),
            y=_codecs(grid=True),
            color=alt.Color("method:N")
            .scale(domain=[*METHODS], range=[GREY, BLUE, ORANGE, GREEN, PINK, PURPLE])
            .legend(columns=3),
            shape=alt.Shape("method:N")
            .scale(domain=[*METHODS], range=["triangle-down", "circle", "square", "triangle-up", "diamond", "cross"])
            .legend(columns=3),
            tooltip=["codec:N", "method:N", alt.Tooltip("octets:Q", format=",.1~f")],
        )
        .properties(height=alt.Step(17))
    )


def axes() -> Drawing:
    """The two axes of the textbook: a point for each codec, a line at the geometric mean of each quarter."""
    base = (
        alt.Chart(ROWS)
        .transform_calculate(quarter="datum.form + ', ' + datum.describing", log="log(datum.efficiency)")
        .transform_joinaggregate(mean="mean(log)", groupby=["quarter"])
        .transform_calculate(mean="exp(datum.mean)")
        .encode(y=alt.Y("quarter:N", title=None, sort="descending").axis(grid=False))
    )
    x = alt.X("efficiency:Q", title="efficiency: information / bytes, %").scale(zero=True)
    points = base.mark_point(size=60, filled=True, opacity=0.6).encode(
        x=x,
        color=alt.Color("form:N", legend=None).scale(domain=["binary", "text"], range=[BLUE, ORANGE]),
        shape=alt.Shape("form:N", legend=None).scale(domain=["binary", "text"], range=["square", "circle"]),
        tooltip=["codec:N", alt.Tooltip("efficiency:Q", format=".1f"), "quarter:N"],
    )
    means = base.mark_tick(thickness=2.5, size=34).encode(x=alt.X("mean:Q"))
    values = base.mark_text(dy=-23, fontSize=11).encode(
        x=alt.X("mean:Q"), text=alt.Text("mean:Q", aggregate="max", format=".0f")
    )
    return alt.layer(points, means, values).properties(height=alt.Step(62))


def link() -> Drawing:
    """Encode, size / `bandwidth` in bit/s, and decode, stacked, least first. The latency is the same for all."""
    parts: Fields = ["encode", "transfer", "decode"]
    return (
        _ranked("datum.encode + datum.decode + datum.transfer", transfer="8e9 * datum.bytes / bandwidth")
        .add_params(alt.param(name="bandwidth", value=BANDWIDTH))
        .transform_fold(parts, as_=["part", "ns"])
        .transform_calculate(step=f"indexof({parts}, datum.part)")
        .mark_bar()
        .encode(
            x=_time("ns", "time, but for the latency"),
            y=_codecs(),
            color=alt.Color("part:N").scale(domain=parts, range=[BLUE, GREY, ORANGE]),
            order=alt.Order("step:Q"),
            tooltip=["codec:N", "part:N", alt.Tooltip("ns:Q", format=",.4~r")],
        )
        .properties(height=alt.Step(17))
    )


def throughput(operation: Operation) -> Drawing:
    """Information handled a second against how much there is in a message: a point for each data set."""
    base = (
        alt.Chart(ROWS)
        .transform_window(place="dense_rank()", sort=[alt.SortField("standing")])
        .transform_filter(f"datum.place <= {LINES}")
        .transform_calculate(rate=f"1e3 * datum.information / datum.{operation}")
        .encode(
            x=alt.X("information:Q", title="bytes of information in a message (log)")
            .scale(type="log", nice=False, padding=12)
            .axis(format="~s"),
            y=alt.Y("rate:Q", title="MB of information a second (log)")
            .scale(type="log", nice=False, padding=12)
            .axis(format="~g"),
            color=alt.Color("codec:N", sort=alt.SortField("standing"))
            .scale(range=PALETTE)
            .legend(columns=3, labelLimit=150),
            tooltip=[
                "codec:N",
                "dataset:N",
                alt.Tooltip("information:Q", format=",.1~f"),
                alt.Tooltip("rate:Q", title="MB/s", format=",.3~r"),
            ],
        )
    )
    line = base.mark_line(strokeWidth=1.6, opacity=0.75)
    points = base.mark_point(filled=True, size=48, opacity=1).encode(
        shape=alt.Shape("codec:N", sort=alt.SortField("standing"), legend=None)
    )
    return alt.layer(line, points).properties(height=320)


def matrix(statuses: str) -> Drawing:
    """A heat map of names and columns, with a letter in each field that is not as it should be."""
    held = statuses.split(",")
    base = alt.Chart(ROWS).encode(
        x=alt.X("column:N", title=None, sort=None).axis(orient="top", labelAngle=-40, labelLimit=130, grid=False),
        y=alt.Y("codec:N", title=None, sort=None).axis(grid=False),
        tooltip=["codec:N", "column:N", "word:N", "tip:N"],
    )
    fields = base.mark_rect(stroke="#8884", strokeWidth=0.5).encode(
        color=alt.Color("status:N").scale(domain=held, range=[STATUS[status] for status in held]).legend(columns=3),
    )
    letters = base.mark_text(fontSize=11, fontWeight="bold").encode(
        text="letter:N",
        color=alt.condition("datum.status == 'ok'", alt.value(GREEN), alt.value("#000000")),
    )
    return alt.layer(fields, letters).properties(height=alt.Step(15))


def _ranked(by: str, **before: str) -> alt.Chart:
    """The first `show` rows by an expression, numbered as `place`; `before` calculates what that needs."""
    base = alt.Chart(ROWS).add_params(alt.param(name="show", value=SHOWN))
    if before:
        base = base.transform_calculate(**before)
    return (
        base.transform_calculate(order=by)
        .transform_window(place="row_number()", sort=[alt.SortField("order"), alt.SortField("codec")])
        .transform_filter("datum.place <= show")
    )


def _codecs(*, grid: bool = False) -> alt.Y:
    return alt.Y("codec:N", title=None, sort=alt.EncodingSortField("place", op="min")).axis(grid=grid)


def _time(field: str, title: str = "time per message") -> alt.X:
    return alt.X(field, type="quantitative", title=title).axis(labelExpr=TIME, tickCount=6)


def _octets(field: str) -> alt.X:
    return alt.X(field, type="quantitative", title="bytes per message").axis(format="~s", tickCount=6)
