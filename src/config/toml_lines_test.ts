import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "smol-toml";
import { TomlLines, type TomlPath } from "./toml_lines.ts";

const TEXT = `# a comment with [a.table] and key = 1
portfolio_value = 50_000 # a = "b"
events = [ # which
  "minute", # 4
  "quote",
]
text = """
[not.a.table]
not_a_key = 1 \\"""
""" # nine lines on
literal = '''
also = "not"
''''' # two quotes before the end
[strategies."my mom\\u0065ntum".deep]
a.b."c.d" = 1
inline = { x = 1, y.z = [1, { w = 2 }] }
[[strategies.s.schedule]]
start = 15
duration = 150
[[strategies.s.schedule]]
start = 200
[strategies.s.schedule.more]
k = 2022-01-03T14:31:00Z
[ spaced . 'out' ]
end = 1
`;

Deno.test("keys are found on their lines in every form that TOML has", () => {
  parse(TEXT);
  const lines = new TomlLines(TEXT);
  const cases: [TomlPath, number][] = [
    [["portfolio_value"], 2],
    [["events"], 3],
    [["events", 0], 4],
    [["events", 1], 5],
    [["text"], 7],
    [["literal"], 11],
    [["strategies", "my momentum", "deep"], 14],
    [["strategies", "my momentum", "deep", "a", "b", "c.d"], 15],
    [["strategies", "my momentum", "deep", "inline", "y", "z", 1, "w"], 16],
    [["strategies", "s", "schedule"], 17],
    [["strategies", "s", "schedule", 0], 17],
    [["strategies", "s", "schedule", 0, "duration"], 19],
    [["strategies", "s", "schedule", 1, "start"], 21],
    [["strategies", "s", "schedule", 1, "more", "k"], 23],
    [["spaced", "out", "end"], 25],
    [["spaced"], 24],
    // What is missing stands where its table stands.
    [["strategies", "s", "schedule", 1, "duration"], 20],
    [["nothing"], 1],
  ];
  for (const [path, line] of cases) assert.equal(lines.lineOf(path), line, JSON.stringify(path));
});

Deno.test("line ends of Windows count once", () => {
  assert.equal(new TomlLines("a = 1\r\n\r\n[b]\r\nc = 2\r\n").lineOf(["b", "c"]), 4);
});

Deno.test("whatever a string holds, the key after it is found on its line", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat(5), (value, blanks) => {
    const text = `a = ${JSON.stringify(value).replaceAll("\x7f", "\\u007f")}\n` +
      "\n".repeat(blanks) + "b = 1\n";
    try {
      parse(text);
    } catch {
      return; // what JSON allows and TOML does not
    }
    assert.equal(new TomlLines(text).lineOf(["b"]), 2 + blanks);
  }));
});
