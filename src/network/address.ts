/** Where a node listens, as text and as host and port. */
import { AddressError } from '../base/address-error.ts';

export { addressText } from '../base/address-text.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port,[v6]:port,PROTOCOL://host:port`. */
export function parseAddresses(text: string): Address[] {
  const addresses: Address[] = [];
  for (const part of text.split(',')) {
    const word = part.trim();
    if (word === '') continue;
    const match = /^(?:[a-zA-Z0-9_]+:\/\/)?(?:\[([^\]]+)\]|([^:[\]/]+)):(\d+)$/.exec(word);
    if (match === null) {
      throw new AddressError(`'${word}' is not an address`, `Invalid url in bootstrap.servers: ${word}`);
    }
    const port = Number(match[3]);
    if (port > 65535) {
      throw new AddressError(`${word} has no valid port`, `Invalid port in bootstrap.servers: ${word}`);
    }
    addresses.push({ host: (match[1] ?? match[2]) as string, port });
  }
  if (addresses.length === 0) {
    throw new AddressError(
      'no broker address was given',
      'You must set either bootstrap.servers or bootstrap.controllers',
    );
  }
  return addresses;
}
