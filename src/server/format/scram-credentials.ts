/** `--add-scram SCRAM-SHA-256=[name=alice,password=secret]`: the credentials that a cluster begins with (KIP-900). */
import { KtsError } from '../../base/kts-error.ts';
import { type MetadataRecord, metadataRecord } from '../../metadata/records.ts';
import { cryptoModule } from '../../runtime/builtin-modules.ts';
import type { Random } from '../../runtime/runtime.ts';

interface Mechanism {
  /** As Kafka's enum prints it. */
  readonly javaName: string;
  readonly type: number;
  readonly hash: string;
  readonly keyBytes: number;
}

const MECHANISMS: ReadonlyMap<string, Mechanism> = new Map([
  ['SCRAM-SHA-256', { javaName: 'SCRAM_SHA_256', type: 1, hash: 'sha256', keyBytes: 32 }],
  ['SCRAM-SHA-512', { javaName: 'SCRAM_SHA_512', type: 2, hash: 'sha512', keyBytes: 64 }],
]);

const MIN_ITERATIONS = 4096;
const MAX_ITERATIONS = 16384;
const KNOWN = new Set(['name', 'password', 'saltedpassword', 'salt', 'iterations']);

function refuse(message: string): never {
  throw new KtsError(message, {
    hint: "For example: --add-scram 'SCRAM-SHA-256=[name=alice,password=alice-secret]'.",
  });
}

/** `[a=b,c="d"]` */
function parsePairs(text: string): Map<string, string> {
  if (!text.startsWith('[')) refuse('Expected configuration string to start with [');
  if (!text.endsWith(']')) refuse('Expected configuration string to end with ]');
  const pairs = new Map<string, string>();
  for (const part of text.slice(1, -1).split(',')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    if (equals < 0) refuse(`Failed to find equals sign in component '${part}'`);
    const value = part.slice(equals + 1);
    pairs.set(part.slice(0, equals).trim(), /^".*"$/s.test(value) ? value.slice(1, -1) : value);
  }
  const unknown = [...pairs.keys()].filter((name) => !KNOWN.has(name));
  if (unknown.length > 0) refuse(`Unknown SCRAM configurations: ${unknown.join(', ')}`);
  return pairs;
}

function base64(text: string, what: string): Buffer {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) refuse(`Failed to decode given ${what}: ${text}`);
  return Buffer.from(text, 'base64');
}

/** Kafka's own: a random number of 130 bits in base 36, as text. */
function randomSalt(random: Random): Buffer {
  const bytes = random.bytes(17);
  bytes[0] = (bytes[0] as number) & 3;
  return Buffer.from(BigInt(`0x${Buffer.from(bytes).toString('hex')}`).toString(36));
}

function iterationsOf(text: string | undefined, mechanism: Mechanism): number {
  if (text === undefined) return MIN_ITERATIONS;
  const iterations = Number(text);
  const limit = (relation: string): never =>
    refuse(`The 'iterations' value must be ${relation} for add-scram using ${mechanism.javaName}`);
  if (!/^[+-]?\d+$/.test(text)) refuse(`Failed to parse iterations: ${text}`);
  if (iterations < MIN_ITERATIONS) limit(`>= ${MIN_ITERATIONS}`);
  if (iterations > MAX_ITERATIONS) limit(`<= ${MAX_ITERATIONS}`);
  return iterations;
}

function saltedPassword(
  pairs: ReadonlyMap<string, string>,
  mechanism: Mechanism,
  salt: Buffer,
  iterations: number,
): Buffer {
  const [password, salted] = [pairs.get('password'), pairs.get('saltedpassword')];
  if (password === undefined && salted === undefined) {
    refuse("You must supply one of 'password' or 'saltedpassword' to add-scram");
  }
  if (password !== undefined && salted !== undefined) {
    refuse("You must supply only one of 'password' or 'saltedpassword' to add-scram");
  }
  if (password !== undefined)
    return cryptoModule().pbkdf2Sync(password, salt, iterations, mechanism.keyBytes, mechanism.hash);
  if (!pairs.has('salt')) refuse("You must supply 'salt' with 'saltedpassword' to add-scram");
  return base64(salted as string, 'saltedpassword');
}

/** RFC 5802's keys of one credential. */
export function scramRecord(argument: string, random: Random): MetadataRecord {
  const equals = argument.indexOf('=');
  if (equals < 0) refuse(`Failed to find equals sign in SCRAM argument '${argument}'`);
  const mechanismName = argument.slice(0, equals);
  const mechanism = MECHANISMS.get(mechanismName);
  if (mechanism === undefined) return refuse(`The add-scram mechanism ${mechanismName} is not supported.`);
  const pairs = parsePairs(argument.slice(equals + 1));
  const name = pairs.get('name');
  if (name === undefined) return refuse("You must supply 'name' to add-scram");
  const iterations = iterationsOf(pairs.get('iterations'), mechanism);
  const saltText = pairs.get('salt');
  const salt = saltText === undefined ? randomSalt(random) : base64(saltText, 'salt');
  const salted = saltedPassword(pairs, mechanism, salt, iterations);
  const keyed = (text: string): Buffer => cryptoModule().createHmac(mechanism.hash, salted).update(text).digest();
  return metadataRecord('userScramCredential', 0, {
    name,
    mechanism: mechanism.type,
    salt,
    storedKey: cryptoModule().createHash(mechanism.hash).update(keyed('Client Key')).digest(),
    serverKey: keyed('Server Key'),
    iterations,
  });
}
