/** The processes behind the nodes of a local cluster: started without strings attached, found by their words, stopped in order. */
import { dirname, join, resolve } from 'node:path';
import { pause } from '../../client/backoff.ts';
import { kill, ownProcesses, startDetached, terminate, workingDirectoryOf } from '../../runtime/node-children.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { NODE_CLASS } from '../java-classes.ts';
import { ktsNodes } from '../nodes/kts-processes.ts';
import { hasBroker, hasController, type LocalNode } from './layout.ts';

const POLL_MS = 25;

/** The pid of each node that runs, by its id. */
export function runningNodes(nodes: readonly LocalNode[]): Map<number, number> {
  const byFile = new Map(nodes.map((node) => [node.file, node.id]));
  const running = new Map<number, number>();
  for (const { pid, words } of ktsNodes(ownProcesses())) {
    const word = words[0] ?? '';
    const id = byFile.get(word) ?? byFile.get(resolve(workingDirectoryOf(pid) ?? '.', word));
    if (id !== undefined) running.set(id, pid);
  }
  return running;
}

/** Where a node logs; what it prints before it has a log stands in kafkaServer.out beside it. */
export function logOf(node: LocalNode): string {
  return join(node.home, 'logs', 'server.log');
}

export function startNode(node: LocalNode, env: NodeJS.ProcessEnv): number {
  const logs = dirname(logOf(node));
  const { KTS_STRICT: _, ...rest } = env;
  return startDetached([NODE_CLASS, node.file], {
    argv0: 'java',
    outputFile: join(logs, 'kafkaServer.out'),
    env: { ...rest, LOG_DIR: logs },
  });
}

/**
 * Who goes together, in order: a broker leaves by asking the controllers, so what is only a controller goes last; nodes
 * that are both keep their controller until their broker is out.
 */
export function stopOrder(nodes: readonly LocalNode[]): LocalNode[][] {
  const stages = [
    nodes.filter(({ roles }) => hasBroker(roles) && !hasController(roles)),
    nodes.filter(({ roles }) => hasBroker(roles) && hasController(roles)),
    nodes.filter(({ roles }) => !hasBroker(roles)),
  ];
  return stages.filter((stage) => stage.length > 0);
}

export interface StopOptions {
  readonly runtime: Runtime;
  readonly timeoutMs: number;
  /** SIGKILL at once. */
  readonly isKill: boolean;
}

export interface StoppedNode {
  readonly id: number;
  readonly pid: number;
  /** It had to be killed. */
  readonly wasKilled: boolean;
}

export async function stopNodes(
  nodes: readonly LocalNode[],
  { runtime, timeoutMs, isKill }: StopOptions,
): Promise<StoppedNode[]> {
  const stopped: StoppedNode[] = [];
  for (const stage of isKill ? [nodes] : stopOrder(nodes)) {
    const running = [...runningNodes(stage)];
    for (const [, pid] of running)
      if (isKill) kill(pid);
      else terminate(pid);
    const deadline = runtime.clock.monotonicMs() + timeoutMs;
    while (runningNodes(stage).size > 0 && runtime.clock.monotonicMs() < deadline) await pause(runtime, POLL_MS);
    const left = runningNodes(stage);
    for (const pid of left.values()) kill(pid);
    while (runningNodes(stage).size > 0) await pause(runtime, POLL_MS);
    for (const [id, pid] of running) stopped.push({ id, pid, wasKilled: isKill || left.has(id) });
  }
  return stopped.sort((a, b) => a.id - b.id);
}
