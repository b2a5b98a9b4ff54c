// Expressions over the variables of `sample.ts`, by the type that they have. In some of them a part has another type
// than its place wants, hidden from the compiler by `dyn`, so that what happens at run time is tried as well.

export type TypeName = keyof typeof LEAVES;

/** A number from 0 to 1, always the same row of them. */
export type Random = () => number;

/** As Tommy Ettinger's mulberry32 does it. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const LEAVES = {
  bool: ['true', 'false', 'claims.admin', 'has(claims.email)', 'has(client.id)', 'has(claims.realm.roles)'],
  int: [
    '0',
    '1',
    '-1',
    '7',
    '0x1F',
    '9223372036854775807',
    '-9223372036854775808',
    '4611686018427387904',
    "int('12')",
    'size(claims.roles)',
    'size(request.path)',
  ],
  uint: ['0u', '1u', '7u', '18446744073709551615u', '0xFFu'],
  double: [
    '0.0',
    '-0.0',
    '1.0',
    '0.5',
    '-2.75',
    '1e3',
    '.5',
    '1.0/0.0',
    '0.0/0.0',
    "double('1.25')",
    'claims.level',
    'claims.score',
  ],
  string: [
    "''",
    "'a'",
    '"admin"',
    "r'\\d'",
    "'''x'y'''",
    "'\\u00e9'",
    "'a,b,c'",
    "' padded '",
    "'GET'",
    "'\\x41\\101'",
    "'🙂x'",
    'request.method',
    'request.path',
    "request.headers['x-a']",
    'request.headers.host',
    'claims.sub',
    'client.name',
    'client.id',
    "request.headers['x-none']",
    'claims.email',
  ],
  bytes: ["b''", "b'a'", "b'\\xff'", 'b"admin"'],
  time: ['now', "timestamp('2026-11-27T23:30:00Z')", "timestamp('1969-12-31T23:59:59.5Z')"],
  span: ["duration('1h')", "duration('-1.5s')", "duration('90m30s')", "duration('1ms')"],
  list: ['[]', '[1, 2, 3]', "['a', 'admin']", 'claims.roles', '[1, 1.0, 1u]', "[true, 'x', null]", '[[1], [2]]'],
  map: ['{}', "{'a': 1, 'b': 2}", '{1: true, 2u: false}', 'claims.realm', 'claims', 'request.headers'],
} as const;

export const TYPES = Object.keys(LEAVES) as TypeName[];

const COMPARED = [
  ...['int', 'uint', 'double', 'string', 'bool', 'bytes', 'time', 'span'].map((type) => `($${type} S $${type})`),
  '($int S $double)',
  '($uint S $int)',
  '($double S $uint)',
];

/** `$bool` and the like stand for parts of that type, `$any` for one of any. */
const FORMS: Readonly<Record<TypeName, readonly string[]>> = {
  bool: [
    '($bool && $bool)',
    '($bool || $bool)',
    '($bool && $bool && $bool)',
    '($bool || $bool || $bool)',
    '!($bool)',
    '(dyn($any) == $any)',
    '(dyn($any) != $any)',
    '(dyn($any) in $list)',
    "($string in ['a', 'admin', 'GET'])",
    '($string in $map)',
    '($int in $map)',
    '($uint in $map)',
    '($bool in $map)',
    ...['<', '<=', '>', '>='].flatMap((sign) => COMPARED.map((form) => form.replace('S', sign))),
    ...['contains', 'startsWith', 'endsWith'].map((name) => `$string.${name}($string)`),
    ...['^/orders', 'a+', '[0-9]$', '', 'é|x', '(?i)ADMIN'].map((pattern) => `$string.matches('${pattern}')`),
    ...['all', 'exists', 'exists_one'].flatMap((name) => [`$list.${name}(x, $item)`, `$list.${name}(x, $item)`]),
    '$map.all(k, k == $string)',
    '$map.exists(k, dyn(k) == $any)',
    '$list.all(x, [x].exists(y, y == $any))',
    "has({'a': $any}.a)",
    "has({'b': $any}.a)",
    "bool($bool ? 'true' : 'nope')",
    ...['int', 'string', 'bool', 'double', 'list', 'map', 'null_type', 'uint', 'bytes', 'type'].map(
      (name) => `(type($any) == ${name})`,
    ),
  ],
  int: [
    ...['+', '-', '*', '/', '%'].map((sign) => `($int ${sign} $int)`),
    '-(1 * $int)',
    'size($string)',
    'size($bytes)',
    'size($list)',
    'size($map)',
    '$list.size()',
    '$string.size()',
    'int($int)',
    'int($uint)',
    'int($double)',
    'int($time)',
    '$list[0]',
    '$map.a',
    "$map['a']",
    '[1, 2, 3][int($int)]',
    ...'FullYear Month Date DayOfMonth DayOfWeek DayOfYear Hours Minutes Seconds'.split(' ').flatMap((part) => {
      const zones = ['', "'+05:30'", "'-08:00'", "'UTC'", "'Europe/Berlin'", "'America/New_York'"];
      return part === 'DayOfYear' ? [] : zones.map((zone) => `$time.get${part}(${zone})`);
    }),
    '$time.getMilliseconds()',
    '$span.getMilliseconds()',
    '$span.getHours()',
    '$span.getMinutes()',
    '$span.getSeconds()',
  ],
  uint: [
    ...['+', '-', '*', '/', '%'].map((sign) => `($uint ${sign} $uint)`),
    'uint($int)',
    'uint($uint)',
    'uint($double)',
  ],
  double: [
    ...['+', '-', '*', '/'].map((sign) => `($double ${sign} $double)`),
    '-(1.0 * $double)',
    'double($int)',
    'double($uint)',
  ],
  string: [
    '($string + $string)',
    'string($string)',
    'string($int)',
    'string($uint)',
    'string($bool)',
    'string($double)',
    'string($time)',
    'string($span)',
    'string($bytes)',
    '$string.lowerAscii()',
    '$string.upperAscii()',
    '$string.trim()',
    "$string.replace('a', $string)",
    "$string.split(',').join($string)",
    "['a', $string].join()",
    'claims.roles[int($int)]',
    "'plain'.substring($int)",
    "'plain'.substring(1, $int)",
    "'abc'.substring(0, 2)",
  ],
  bytes: ['($bytes + $bytes)', 'bytes($string)'],
  time: ['($time + $span)', '($time - $span)', '($span + $time)'],
  span: ['($time - $time)', '($span + $span)', '($span - $span)'],
  list: [
    '[$any, $any]',
    '($list + $list)',
    '$list.map(x, x)',
    '$list.map(x, [x, $any])',
    '$list.map(x, $item, x)',
    '$list.filter(x, $item)',
    '$map.map(k, k)',
    '$map.filter(k, dyn(k) == $any)',
    "$string.split(',')",
  ],
  map: ["{'a': $any, $string: $any}", '{$int: $any, 1: $any}', '{$bool: $any}'],
};

/** What is said of an item `x`, which may have any type. */
const OF_ITEM = [
  '(x == $int)',
  '(x == $string)',
  '(x > $int)',
  '(x in $list)',
  '($bool || x == 1)',
  'x',
  '($bool && x)',
];

/** @param depth how many forms may lie in each other */
export function expressionOf(type: TypeName, depth: number, random: Random): string {
  const forms = depth > 0 && random() < 0.75 ? [...FORMS[type], `($bool ? $${type} : $${type})`] : LEAVES[type];
  return pick(forms, random).replaceAll(/\$(\w+)/g, (_, part: string) => {
    if (part === 'item') return expressionIn(pick(OF_ITEM, random), depth - 1, random);
    if (part === 'any') return expressionOf(pick(TYPES, random), depth - 1, random);
    if (random() < 0.05) return `dyn(${expressionOf(pick(TYPES, random), depth - 1, random)})`;
    return expressionOf(part as TypeName, depth - 1, random);
  });
}

function expressionIn(form: string, depth: number, random: Random): string {
  return form.replaceAll(/\$(\w+)/g, (_, part: string) => expressionOf(part as TypeName, depth - 1, random));
}

function pick<T>(choices: readonly T[], random: Random): T {
  return choices[Math.floor(random() * choices.length)] as T;
}
