/**
 * The most puzzling failure of Kafka: the bootstrap address answers and names an address that this machine cannot reach.
 * A client goes on trying, as it must; a person waits for nothing. So the connections are watched in the own manner, and
 * the command ends with an explanation when an address that a broker names has never been reached for a while.
 */
import { EXIT } from '../base/kts-error.ts';
import type { ClusterView } from '../client/cluster-view.ts';
import { type Address, addressText, parseAddresses } from '../network/address.ts';
import { type OpenLink, reasonOf } from '../network/link.ts';
import type { CommandContext } from './command.ts';
import { CommandError } from './command-error.ts';

/** A name that nobody knows will hardly be known in a moment; a broker that refuses may be starting. */
const UNKNOWN_HOST_MS = 1_000;
const REFUSED_MS = 5_000;

function isUnknownHost(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: string; readonly cause?: unknown };
  return code === 'ENOTFOUND' || code === 'EAI_AGAIN' || (cause !== undefined && isUnknownHost(cause));
}

function explain(bootstrap: string, address: string, error: unknown): CommandError {
  const local = /^(?:localhost|127\.|\[::1\])/.test(address);
  const why = reasonOf(error);
  return new CommandError(
    `${bootstrap} answers, but says that clients shall use ${address}, which cannot be reached from here: ${why}`,
    {
      stage: 'run',
      exitCode: EXIT.unreachable,
      hint: local
        ? `advertised.listeners of the broker names its own machine: it must be an address that clients reach too`
        : `set advertised.listeners of the broker to an address that is reachable from here, or let this machine know ${address}`,
      cause: error,
    },
  );
}

export class AdvertisedWatch {
  readonly #context: CommandContext;
  readonly #giveUp: (error: Error) => void;
  readonly #bootstrap: ReadonlySet<string>;
  /** When the first attempt began, by address. */
  readonly #since = new Map<string, number>();
  #answeredAt: string | undefined;
  /** An address that a broker names works: then the others are no mistake, but brokers that are away. */
  #isFine = false;
  cluster: ClusterView | undefined;

  constructor(context: CommandContext, bootstrap: string, giveUp: (error: Error) => void) {
    this.#context = context;
    this.#giveUp = giveUp;
    this.#bootstrap = new Set(parseAddresses(bootstrap).map(addressText));
  }

  around(openLink: OpenLink): OpenLink {
    return async (options) => {
      const text = addressText(options.address);
      const since = this.#since.get(text) ?? this.#context.runtime.clock.monotonicMs();
      this.#since.set(text, since);
      try {
        const link = await openLink(options);
        this.#reached(text);
        return link;
      } catch (error) {
        this.#failed(options.address, since, error);
        throw error;
      }
    };
  }

  #reached(text: string): void {
    if (this.#bootstrap.has(text)) this.#answeredAt ??= text;
    else this.#isFine = true;
  }

  #failed(address: Address, since: number, error: unknown): void {
    const text = addressText(address);
    if (this.#isFine || this.#answeredAt === undefined || this.#bootstrap.has(text)) return;
    const named = this.cluster?.brokers.map(addressText) ?? [];
    if (!named.includes(text) || named.some((other) => this.#bootstrap.has(other))) return;
    const patience = isUnknownHost(error) ? UNKNOWN_HOST_MS : REFUSED_MS;
    const lasted = this.#context.runtime.clock.monotonicMs() - since;
    if (lasted >= patience) this.#giveUp(explain(this.#answeredAt, text, error));
  }
}
