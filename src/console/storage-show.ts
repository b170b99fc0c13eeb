/** `storage info` as data and as a table. */
import type { Shown } from './show/shown.ts';

interface Info {
  readonly found: readonly string[];
  readonly metadata: {
    readonly clusterId: string;
    readonly nodeId: number;
    readonly directoryId: string | null;
  } | null;
}

export function showInfo({ found, metadata }: Info): Shown {
  const { clusterId = null, nodeId = null, directoryId = null } = metadata ?? {};
  return {
    data: { directories: found, metadata: metadata === null ? null : { clusterId, nodeId, directoryId } },
    sheets: [
      {
        columns: [
          { head: 'DIRECTORY', key: 'directory', mark: () => 'name' },
          { head: 'CLUSTER', key: 'cluster_id' },
          { head: 'NODE', key: 'node_id', right: true },
        ],
        rows: found.map((directory) => [directory, clusterId, nodeId]),
      },
    ],
  };
}
