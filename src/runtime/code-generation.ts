/**
 * The one home of `new Function`. The source always comes from our own compiler, never from the outside. Null where the
 * process forbids code generation (`--disallow-code-generation-from-strings`, a content policy); callers have a slower
 * form for that.
 */

/** The function whose body is `body`, or null where code generation is forbidden. */
export function functionFromSource(
  parameters: readonly string[],
  body: string,
): ((...values: never[]) => unknown) | null {
  try {
    return new Function(...parameters, body) as (...values: never[]) => unknown;
  } catch (error) {
    // A SyntaxError would be a bug of the compiler and must not be taken for a ban.
    if (error instanceof EvalError) return null;
    throw error;
  }
}
