/** An address of a broker that cannot be one. */
import { EXIT, KtsError } from './kts-error.ts';

/** What was wrong with the addresses, in Kafka's words in `strictText`. */
export class AddressError extends KtsError {
  readonly strictText: string;

  constructor(message: string, strictText: string) {
    super(message, { exitCode: EXIT.usage, hint: 'an address is HOST:PORT, several are parted by commas' });
    this.strictText = strictText;
  }
}
