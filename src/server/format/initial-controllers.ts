/** The first voters of a dynamic quorum: `--initial-controllers 1@host:9093:directoryId,…`, or this node alone. */
import { isUuid, type Uuid } from '../../base/uuid.ts';
import { ConfigError, ILLEGAL_ARGUMENT } from '../../config/config-error.ts';
import { SUPPORTED_KRAFT_VERSION, type Voter } from '../../raft/voters.ts';

function refuse(message: string): never {
  throw new ConfigError(message, {
    exception: ILLEGAL_ARGUMENT,
    hint: 'Voters are written as id@host:port:directoryId, separated by commas.',
  });
}

function parseHost(text: string): { readonly host: string; readonly rest: string } {
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    if (end < 0) refuse('Hostname began with left bracket, but no right bracket was found.');
    return { host: text.slice(1, end), rest: text.slice(end + 1) };
  }
  const colon = text.indexOf(':');
  if (colon < 0) refuse('No colon following hostname could be found.');
  return { host: text.slice(0, colon), rest: text.slice(colon) };
}

function parseVoter(text: string, listenerName: string): Voter {
  const at = text.indexOf('@');
  if (at < 0) refuse('No @ found in dynamic voter string.');
  const idText = text.slice(0, at);
  if (!/^[+-]?\d+$/.test(idText)) refuse('Failed to parse node id in dynamic voter string.');
  const id = Number(idText);
  if (id < 0) refuse(`Invalid negative node id ${id} in dynamic voter string.`);
  const { host, rest } = parseHost(text.slice(at + 1));
  if (!rest.startsWith(':')) refuse('Port section must start with a colon.');
  const afterPort = rest.indexOf(':', 1);
  if (afterPort < 0) refuse('No colon following port could be found.');
  const portText = rest.slice(1, afterPort);
  if (!/^[+-]?\d+$/.test(portText)) refuse('Failed to parse port in dynamic voter string.');
  const port = Number(portText);
  if (port < 0 || port > 65535) refuse(`Invalid port ${port} in dynamic voter string.`);
  const directoryId = rest.slice(afterPort + 1);
  if (!isUuid(directoryId)) refuse('Failed to parse directory ID in dynamic voter string.');
  return voter(id, directoryId, { name: listenerName, host, port });
}

export function voter(id: number, directoryId: Uuid, endpoint: Voter['endpoints'][number]): Voter {
  return { id, directoryId, endpoints: [endpoint], kraftVersion: SUPPORTED_KRAFT_VERSION };
}

export function parseInitialControllers(text: string, listenerName: string): Voter[] {
  if (text.trim() === '') refuse('No voters given.');
  const voters = text.split(',').map((entry) => parseVoter(entry.trim(), listenerName));
  const seen = new Set<number>();
  for (const { id } of voters) {
    if (seen.has(id)) refuse(`Node id ${id} was specified more than once.`);
    seen.add(id);
  }
  return voters.sort((a, b) => a.id - b.id);
}
