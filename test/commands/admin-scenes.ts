/** The scenes of the tools that change a cluster's settings: configs and ACLs. */
import { runTool } from '../support/run-tool.ts';
import type { TranscriptCase } from '../support/transcripts.ts';
import type { Scene } from './transcript-scenes.ts';
import { own, type World } from './transcript-world.ts';

/** What they find: a broker with these topics, the internal one of the groups, and no group. */
async function stage(world: World, topics: readonly string[]): Promise<void> {
  const { bootstrap } = world;
  await own(bootstrap, ['topics', '--delete', '--if-exists', '--topic', '(?!__consumer_offsets$).*']);
  for (const topic of topics) await own(bootstrap, ['topics', '--create', topic]);
  await runTool(['consumer-groups', '--describe', '--group', 'nobody', '--bootstrap-server', bootstrap]);
  await runTool(['consumer-groups', '--delete', '--all-groups', '--bootstrap-server', bootstrap]);
}

/** Where nobody keeps rules: an address of its own in the recorded runs. */
function withNobody(test: TranscriptCase, world: World): TranscriptCase {
  if (world.values['NO_AUTHORIZER'] !== undefined) return test;
  return { ...test, argv: test.argv.map((word) => (word === '<NO_AUTHORIZER>' ? world.bootstrap : word)) };
}

export function adminScenes(casesOf: (file: string) => readonly TranscriptCase[]): readonly Scene[] {
  return [
    {
      title: 'configs',
      file: 'configs',
      cases: casesOf('configs'),
      prepare: (world) => stage(world, ['d1', 'd2']),
    },
    {
      title: 'replicas in sync, by configs',
      file: 'extra-2',
      cases: casesOf('extra-2'),
      prepare: (world) => stage(world, ['mi', '__mine']),
    },
    {
      title: 'acls',
      file: 'acls',
      cases: casesOf('acls'),
      adapt: withNobody,
    },
  ];
}
