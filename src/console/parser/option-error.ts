/** What a parser refuses. The command turns it into the words and the exit code of its manner. */
export type OptionErrorKind =
  | 'unknown'
  | 'missing-argument'
  | 'multiple'
  | 'conversion'
  | 'unavailable'
  | 'usage'
  | 'choice';

export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly kind: OptionErrorKind;
  /** The name as it was typed, without dashes. */
  readonly option: string;

  constructor(kind: OptionErrorKind, option: string, message: string) {
    super(message);
    this.kind = kind;
    this.option = option;
  }
}
