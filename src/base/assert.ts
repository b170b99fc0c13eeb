/**
 * Invariants of the engine. A failed assert is a bug: the node logs it and stops rather than corrupt a log.
 * Never used for bad input; that is answered with a KafkaError or a KtsError.
 */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never, what: string): never {
  throw new AssertionFailure(`unreachable: ${what}: ${String(value)}`);
}
