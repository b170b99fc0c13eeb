/** ZooKeeper's scripts have no words for a failure that anybody waits for: people read them, and are told the way out. */
import type { StrictAnswer } from '../command.ts';
import type { CommandError } from '../command-error.ts';

export function answerWithHint({ strictText, hint }: CommandError): StrictAnswer {
  return { err: hint === undefined ? `${strictText}\n` : `${strictText}\n${hint}\n`, exitCode: 1 };
}
