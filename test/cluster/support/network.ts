/**
 * Where the nodes of a drill listen: all on loopback, or each in a network namespace of its own behind a bridge, so that
 * the way between two nodes, or to one node, can be cut. Namespaces need root and Linux.
 */

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { freePort } from '../../support/free-port.ts';

export interface Network {
  /** Why no way can be cut; undefined where it can. */
  readonly uncut: string | undefined;
  hostOf(node: number): string;
  /** The words before a command that run it where the node is. */
  wrap(node: number): readonly string[];
  /** Packets of `from` to `to` are dropped; the other direction is not. */
  block(from: number, to: number): void;
  unblock(from: number, to: number): void;
  /** A port that nothing listens on, of this node. */
  freePort(node: number): Promise<number>;
  close(): void;
}

export function loopback(): Network {
  return {
    uncut: 'all nodes share one network',
    hostOf: () => '127.0.0.1',
    wrap: () => [],
    block: () => {},
    unblock: () => {},
    freePort,
    close: () => {},
  };
}

function ip(...words: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr.trim()}`);
}

/** Why there can be no namespaces here; undefined when there can. */
export function namespacesMissing(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const probe = `kts-probe-${process.pid}`;
  try {
    ip('netns', 'add', probe);
    ip('netns', 'del', probe);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Names are short: an interface has fifteen letters at most. */
export function namespaces(nodes: readonly number[]): Network {
  const tag = `k${process.pid % 10_000}`;
  const subnet = `10.${60 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 250}`;
  const bridge = `${tag}br`;
  const space = (node: number) => `${tag}n${node}`;
  const hostOf = (node: number) => `${subnet}.${10 + (node % 200)}`;
  const close = () => {
    for (const node of nodes) spawnSync('ip', ['netns', 'del', space(node)]);
    spawnSync('ip', ['link', 'del', bridge]);
  };
  try {
    ip('link', 'add', bridge, 'type', 'bridge');
    ip('addr', 'add', `${subnet}.1/24`, 'dev', bridge);
    ip('link', 'set', bridge, 'up');
    for (const node of nodes) {
      const [outside, inside] = [`${tag}o${node}`, `${tag}i${node}`];
      ip('netns', 'add', space(node));
      ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside);
      ip('link', 'set', outside, 'master', bridge, 'up');
      ip('link', 'set', inside, 'netns', space(node));
      ip('-n', space(node), 'addr', 'add', `${hostOf(node)}/24`, 'dev', inside);
      ip('-n', space(node), 'link', 'set', inside, 'up');
      ip('-n', space(node), 'link', 'set', 'lo', 'up');
    }
  } catch (error) {
    close();
    throw error;
  }
  const route = (verb: string, from: number, to: number) =>
    ip('-n', space(from), 'route', verb, 'blackhole', `${hostOf(to)}/32`);
  return {
    uncut: undefined,
    hostOf,
    wrap: (node) => ['ip', 'netns', 'exec', space(node)],
    block: (from, to) => route('add', from, to),
    unblock: (from, to) => route('del', from, to),
    freePort,
    close,
  };
}
