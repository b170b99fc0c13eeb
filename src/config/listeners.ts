/**
 * `listeners` and its relatives as endpoints: names in upper case, protocols from `listener.security.protocol.map`,
 * Kafka's rules about equal names and ports and its sentences when they are broken.
 */
import { ConfigError, ILLEGAL_ARGUMENT } from './config-error.ts';

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';

export const SECURITY_PROTOCOLS: readonly SecurityProtocol[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];

export interface Endpoint {
  /** The listener's name, in upper case. */
  readonly listener: string;
  readonly securityProtocol: SecurityProtocol;
  /** Empty: every address of the machine; advertised, the machine's own name. */
  readonly host: string;
  /** 0: a free one is taken. */
  readonly port: number;
}

export type ProtocolMap = ReadonlyMap<string, SecurityProtocol>;

const ENDPOINT = /^(.*):\/\/\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)$/;

export function isSecurityProtocol(text: string): text is SecurityProtocol {
  return (SECURITY_PROTOCOLS as readonly string[]).includes(text);
}

/** `NAME:PROTOCOL,…`, the last one of a name winning. */
export function parseProtocolMap(text: string): ProtocolMap {
  const name = 'listener.security.protocol.map';
  const map = new Map<string, SecurityProtocol>();
  for (const entry of text.trim() === '' ? [] : text.trim().split(/\s*,\s*/)) {
    const colon = entry.lastIndexOf(':');
    if (colon < 0) {
      throw new ConfigError(`Error parsing configuration property '${name}': begin 0, end -1, length ${entry.length}`, {
        exception: ILLEGAL_ARGUMENT,
        hint: `write it as LISTENER:PROTOCOL, for instance ${entry}:PLAINTEXT`,
      });
    }
    const protocol = entry.slice(colon + 1).trim();
    const upper = protocol.toUpperCase();
    if (!isSecurityProtocol(upper)) {
      throw new ConfigError(`Invalid security protocol \`${protocol}\` defined in ${name}`, {
        hint: `one of ${SECURITY_PROTOCOLS.join(', ')}`,
      });
    }
    map.set(entry.slice(0, colon).trim().toUpperCase(), upper);
  }
  return map;
}

function parseEndpoint(text: string, protocols: ProtocolMap): Endpoint {
  const found = ENDPOINT.exec(text);
  if (found === null) throw new RangeError(`Unable to parse ${text} to a broker endpoint`);
  const listener = (found[1] as string).toUpperCase();
  const securityProtocol = protocols.get(listener);
  if (securityProtocol === undefined) throw new RangeError(`No security protocol defined for listener ${listener}`);
  return { listener, securityProtocol, host: found[2] as string, port: Number(found[3]) };
}

const isIpv4 = (host: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
const isIpv6 = (host: string): boolean => host.includes(':');

/** Two listeners may share a port when one is bound to an IPv4 address and the other to an IPv6 address. */
function checkPorts(endpoints: readonly Endpoint[], listed: string): void {
  const byPort = new Map<number, Endpoint[]>();
  for (const endpoint of endpoints) {
    if (endpoint.port === 0) continue;
    const sharing = byPort.get(endpoint.port);
    if (sharing === undefined) byPort.set(endpoint.port, [endpoint]);
    else sharing.push(endpoint);
  }
  for (const [port, sharing] of byPort) {
    if (sharing.length === 1) continue;
    const addressed = sharing.filter(({ host }) => isIpv4(host) || isIpv6(host));
    if (sharing.length - addressed.length > 1 || addressed.length < 2) {
      throw new RangeError(`Each listener must have a different port, listeners: ${listed}`);
    }
    if (addressed.length > 2 || addressed.length < sharing.length) {
      throw new RangeError(
        `Each listener must have a different port unless exactly one listener has an IPv4 address and the other IPv6 address, listeners: ${listed}, port: ${port}`,
      );
    }
    const [one, other] = addressed as [Endpoint, Endpoint];
    if (isIpv4(one.host) === isIpv4(other.host)) {
      throw new RangeError(
        `If you have two listeners on the same port then one needs to be IPv4 and the other IPv6, listeners: ${listed}, port: ${port}`,
      );
    }
  }
}

/** Throws a ConfigError that lists the endpoints and says what is wrong with one of them. */
export function parseEndpoints(
  texts: readonly string[],
  protocols: ProtocolMap,
  options: { readonly distinctPorts: boolean },
): readonly Endpoint[] {
  const listed = `[${texts.join(', ')}]`;
  try {
    const endpoints = texts.map((text) => parseEndpoint(text, protocols));
    if (new Set(endpoints.map(({ listener }) => listener)).size < endpoints.length) {
      throw new RangeError(`Each listener must have a different name, listeners: ${listed}`);
    }
    if (options.distinctPorts) checkPorts(endpoints, listed);
    return endpoints;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(`Error creating broker listeners from '${listed}': ${error.message}`, {
      exception: ILLEGAL_ARGUMENT,
      hint: endpointHint(error.message),
    });
  }
}

function endpointHint(message: string): string {
  if (message.startsWith('Unable to parse'))
    return 'write it as NAME://host:port, for instance PLAINTEXT://localhost:9092';
  if (message.startsWith('No security'))
    return 'add the name to listener.security.protocol.map, for instance NAME:PLAINTEXT';
  return 'give every listener its own name and port';
}
