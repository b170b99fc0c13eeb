/** A node of the tree that people know from ZooKeeper, and the paths that name one. */

export interface Znode {
  /** Null where ZooKeeper's node had no data. */
  readonly data: string | null;
  readonly version: number;
  /** Wall clock, ms; 0 where nobody knows. */
  readonly createdMs: number;
  readonly modifiedMs: number;
}

/** Every path with its node; the parents of each are there too. */
export type Tree = Map<string, Znode>;

export const ROOT = '/';

export function bareNode(data: string | null = null, version = 0): Znode {
  return { data, version, createdMs: 0, modifiedMs: 0 };
}

/** Adds a node, and nodes without data for the parents that are not there. */
export function plant(tree: Tree, path: string, node: Znode = bareNode()): void {
  for (let slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const parent = path.slice(0, slash);
    if (!tree.has(parent)) tree.set(parent, bareNode());
  }
  if (!tree.has(ROOT)) tree.set(ROOT, bareNode(''));
  tree.set(path, node);
}

/** ZooKeeper's rules; the words are those of its shell. Null when the path is fine. */
export function pathFault(path: string): string | null {
  if (!path.startsWith('/')) return 'Path must start with / character';
  if (path.length > 1 && path.endsWith('/')) return 'Path must not end with / character';
  if (path.includes('//')) return 'empty node name specified';
  if (/\/\.{1,2}(?:\/|$)/.test(path)) return 'relative paths not allowed';
  return null;
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || ROOT;
}

/** Names of the direct children, in order. */
export function childrenOf(tree: Tree, path: string): string[] {
  const prefix = path === ROOT ? ROOT : `${path}/`;
  const names: string[] = [];
  for (const other of tree.keys()) {
    if (other.length > prefix.length && other.startsWith(prefix) && !other.includes('/', prefix.length)) {
      names.push(other.slice(prefix.length));
    }
  }
  return names.sort();
}

/** The path itself and everything below it, each before what is below it, in order. */
export function withDescendants(tree: Tree, path: string): string[] {
  const prefix = path === ROOT ? ROOT : `${path}/`;
  const below = [...tree.keys()].filter((other) => other !== ROOT && other.startsWith(prefix));
  // A name ends before anything else that it begins with: /a/b stands before /a-b.
  const byNames = below.map((other) => [other.replaceAll('/', '\0'), other] as const);
  return [path, ...byNames.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, other]) => other)];
}

export function childPath(path: string, name: string): string {
  return path === ROOT ? `/${name}` : `${path}/${name}`;
}
