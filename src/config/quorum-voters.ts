/** `controller.quorum.voters` and `controller.quorum.bootstrap.servers`: `1@host:9093,…` and `host:9093,…`. */
import { ConfigError } from './config-error.ts';
import type { Validator } from './config-key.ts';

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export interface QuorumVoter extends HostAndPort {
  readonly nodeId: number;
}

/** Kafka's pattern: an optional protocol, a host with or without square brackets, a port. */
const HOST_PORT = /^(?:[a-zA-Z][a-zA-Z\d+\-.]*:\/\/)?\[?([0-9a-zA-Z\-._%:]*)\]?:([0-9]+)$/;

/** Null when the text is not `host:port`. */
export function parseHostAndPort(text: string): HostAndPort | null {
  const found = HOST_PORT.exec(text);
  return found === null ? null : { host: found[1] as string, port: Number(found[2]) };
}

export function parseVoters(entries: readonly string[]): readonly QuorumVoter[] {
  const voters = new Map<number, QuorumVoter>();
  const name = 'controller.quorum.voters';
  const shape = 'Each entry should be in the form `{id}@{host}:{port}`.';
  for (const entry of entries) {
    const parts = entry.split('@');
    if (parts.length !== 2) throw new ConfigError(`Invalid configuration value for ${name}. ${shape}`);
    const [id, address] = parts as [string, string];
    if (!/^[+-]?[0-9]+$/.test(id)) throw new ConfigError(`Failed to parse voter ID as an integer from ${id}`);
    const where = parseHostAndPort(address);
    if (where === null || where.host === '') {
      throw new ConfigError(`Failed to parse host name from entry ${entry} for the configuration ${name}. ${shape}`);
    }
    voters.set(Number(id), { nodeId: Number(id), ...where });
  }
  return [...voters.values()];
}

export function parseBootstrapServers(entries: readonly string[]): readonly HostAndPort[] {
  return entries.map((entry) => {
    const where = parseHostAndPort(entry);
    if (where === null || where.host === '') {
      throw new ConfigError(
        `Failed to parse host name from ${entry} for the configuration controller.quorum.bootstrap.servers. Each entry should be in the form "{host}:{port}"`,
      );
    }
    return where;
  });
}

export const quorumVoters: Validator = (_name, value) => {
  parseVoters(value as readonly string[]);
};

export const quorumBootstrapServers: Validator = (_name, value) => {
  parseBootstrapServers(value as readonly string[]);
};
