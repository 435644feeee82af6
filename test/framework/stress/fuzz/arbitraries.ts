/** Text and JSON that often cause errors. */
import fc from 'fast-check';

const NASTY = [
  '',
  ' ',
  '\0',
  '\r\n',
  '\r\nx-injected: 1',
  '\ud800',
  '\udc00x',
  '%',
  '%00',
  '%zz',
  '%252e%252e',
  '../../etc/passwd',
  '//',
  '\\',
  '__proto__',
  'constructor',
  'toString',
  'é',
  '\u202e',
  '🏳️‍🌈',
  '\ufeff',
  'null',
  'NaN',
  '-0',
  'x'.repeat(9_000),
];

export const nastyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ maxLength: 20 }),
);

export const nastyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, -1, 1.5, 2 ** 31, 2 ** 53, 2 ** 53 + 2, -(2 ** 63), 1e308, 5e-324),
  fc.integer(),
);

/** Instead of fc.jsonValue(), so that names like `__proto__` are as likely as other names. */
export const nastyJson: fc.Arbitrary<unknown> = fc.letrec(tie => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false),
    nastyText,
    nastyNumber,
    fc.array(tie('json'), { maxLength: 4 }),
    fc
      .array(fc.tuple(nastyText, tie('json')), { maxLength: 4 })
      .map(pairs =>
        JSON.parse(`{${pairs.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join()}}`),
      ),
  ),
})).json;

/** Bytes as a text with one character each. */
export const bytes: fc.Arbitrary<string> = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 })
  .map(codes => String.fromCharCode(...codes));
