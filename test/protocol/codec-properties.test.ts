import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/protocol/kafka-error.ts';
import { messageArbitrary } from './arbitrary.ts';
import { FACTS, type MessageFact, versionsOf } from './facts.ts';
import { type Form, formsOf } from './forms.ts';
import { referenceDecode, referenceEncode } from './reference-codec.ts';
import { schemaOf } from './schemas.ts';

/** A property's seed is printed when it fails; KTS_TEST_RUNS asks for more runs. */
const RUNS = Number(process.env['KTS_TEST_RUNS'] ?? 8);

function check(form: Form, fact: MessageFact, version: number, value: Record<string, unknown>, bytes: Buffer): void {
  const where = `${fact.name} version ${version} (${form.name})`;
  const encoded = form.encode(value);
  if (!encoded.equals(bytes)) expect(`${where} ${encoded.toString('hex')}`).toBe(`${where} ${bytes.toString('hex')}`);
  const decoded = form.decode(bytes);
  if (!isDeepStrictEqual(decoded, value)) expect({ where, value: decoded }).toEqual({ where, value });
}

/** What a decoder makes of bytes: the value, or that it refused them. Anything but a ProtocolError is passed on. */
function outcome(decode: () => unknown, refusal: new (message?: string) => Error): unknown {
  try {
    return { value: decode() };
  } catch (error) {
    if (error instanceof refusal) return 'refused';
    throw error;
  }
}

/** Flips, cuts, inserts and overwrites, with the lengths that hurt. */
function mutate(bytes: Buffer, changes: readonly { kind: number; at: number; byte: number }[]): Buffer {
  let mutated: Buffer = Buffer.from(bytes);
  for (const { kind, at, byte } of changes) {
    const position = mutated.length === 0 ? 0 : at % mutated.length;
    if (kind === 0) mutated = mutated.subarray(0, position);
    else if (kind === 1)
      mutated = Buffer.concat([mutated.subarray(0, position), Buffer.from([byte]), mutated.subarray(position)]);
    else if (kind === 2) mutated.fill(byte < 128 ? 0xff : 0x7f, position, Math.min(position + 4, mutated.length));
    else if (mutated.length > 0) mutated[position] = byte;
  }
  return mutated;
}

const CHANGES = fc.array(
  fc.record({ kind: fc.nat({ max: 6 }), at: fc.nat({ max: 100_000 }), byte: fc.nat({ max: 255 }) }),
  { minLength: 1, maxLength: 3 },
);

describe.each(FACTS.map((fact) => [fact.name, fact] as const))('%s', (_name, fact) => {
  it('is encoded and decoded alike by generated code, closures and the reference', () => {
    for (const version of versionsOf(fact)) {
      const forms = formsOf(schemaOf(fact.name), version);
      fc.assert(
        fc.property(messageArbitrary(fact, version), (value) => {
          const bytes = referenceEncode(fact, version, value);
          for (const form of forms) check(form, fact, version, value, bytes);
        }),
        { numRuns: RUNS },
      );
    }
  });

  it('answers a ProtocolError or the right value to hostile bytes', () => {
    const versions = versionsOf(fact);
    for (const version of new Set([versions[0], versions.at(-1)] as number[])) {
      const [generated, closures] = formsOf(schemaOf(fact.name), version);
      fc.assert(
        fc.property(messageArbitrary(fact, version), CHANGES, (value, changes) => {
          const bytes = mutate(generated.encode(value), changes);
          const expected = outcome(() => referenceDecode(fact, version, bytes), RangeError);
          for (const form of [generated, closures]) {
            const actual = outcome(() => form.decode(bytes), ProtocolError);
            if (!isDeepStrictEqual(actual, expected)) {
              const where = `${fact.name} version ${version} (${form.name}) ${bytes.toString('hex')}`;
              expect({ where, actual }).toEqual({ where, actual: expected });
            }
          }
        }),
        { numRuns: RUNS * 3 },
      );
    }
  });
});
