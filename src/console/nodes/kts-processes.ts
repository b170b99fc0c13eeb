/**
 * Which of the user's processes are kts, and what they do: read from their words, as everything that looks for Kafka
 * does. A program that merely mentions kts among its words (a shell, an editor, grep) is none.
 */
import { basename } from 'node:path';
import type { OtherProcess } from '../../runtime/node-children.ts';
import { classOfTool, toolOfClass } from '../java-classes.ts';

export interface KtsProcess {
  readonly pid: number;
  /** The tool of Kafka that it is: `server-start` is a node. */
  readonly tool: string;
  /** Behind the tool's name. */
  readonly words: readonly string[];
}

/** What Node is called, or calls itself for the sake of `ps`. */
const PROGRAM = /^(?:node|nodejs|java)(?:\.exe)?$/;
const SCRIPT = /^kts(?:\.js)?$/;

function asKts({ pid, words }: OtherProcess): KtsProcess | undefined {
  if (!PROGRAM.test(basename(words[0] ?? ''))) return undefined;
  const script = words.findIndex((word, at) => at > 0 && SCRIPT.test(basename(word)));
  // Only options of Node, each with a value or without, stand before its script.
  const isScript = words.slice(1, script).every((word, at) => word.startsWith('-') || words[at]?.startsWith('-'));
  const name = words[script + 1];
  if (script < 0 || !isScript || name === undefined) return undefined;
  const tool = toolOfClass(name) ?? (classOfTool(name) === undefined ? undefined : name);
  return tool === undefined ? undefined : { pid, tool, words: words.slice(script + 2) };
}

/** The tools of Kafka among them. What only starts a node in the background is no node. */
export function ktsProcesses(all: readonly OtherProcess[]): KtsProcess[] {
  return all.flatMap((process) => {
    const found = asKts(process);
    return found === undefined || found.words.includes('-daemon') ? [] : [found];
  });
}

export function ktsNodes(all: readonly OtherProcess[]): KtsProcess[] {
  return ktsProcesses(all).filter(({ tool }) => tool === 'server-start');
}

/** Controllers that were started in ZooKeeper's place. */
export function ensembleMembers(all: readonly OtherProcess[]): KtsProcess[] {
  return ktsProcesses(all).filter(({ tool }) => tool === 'zookeeper-server-start');
}
