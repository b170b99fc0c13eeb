/** Reads `bootstrap.checkpoint`: the features, and perhaps SCRAM credentials, that a new cluster starts with. */
import { join } from 'node:path';
import type { BootstrapMetadata } from '../controller/controller-config.ts';
import { defaultFeatureLevel, METADATA_VERSION, MV, SUPPORTED_FEATURES } from '../metadata/features.ts';
import { decodeRecord, type MetadataRecord, metadataRecord } from '../metadata/records.ts';
import { BOOTSTRAP_SNAPSHOT, SnapshotContent } from '../raft/snapshot-files.ts';
import type { Files } from '../runtime/runtime.ts';

export const BOOTSTRAP_CHECKPOINT = 'bootstrap.checkpoint';

/** The file of a metadata directory, or what Kafka takes where there is none: the defaults of the latest release. */
export function readBootstrap(files: Files, directory: string): BootstrapMetadata {
  const path = join(directory, BOOTSTRAP_CHECKPOINT);
  if (files.statSync(path) === null) return { records: defaultRecords(), source: 'the default bootstrap' };
  const content = new SnapshotContent(BOOTSTRAP_SNAPSHOT, files.readFileSync(path), path);
  const records = [...content.batches()].flatMap((values) => values.map((value) => decodeRecord(value)));
  return { records, source: `the binary bootstrap metadata file: ${path}` };
}

function defaultRecords(): MetadataRecord[] {
  const names = SUPPORTED_FEATURES.map(({ name }) => name).filter((name) => name !== METADATA_VERSION);
  return [METADATA_VERSION, ...names]
    .map((name) => ({ name, level: name === METADATA_VERSION ? MV.latest : defaultFeatureLevel(name, MV.latest) }))
    .filter(({ level, name }) => level > 0 && name !== 'kraft.version')
    .map(({ name, level }) => metadataRecord('featureLevel', 0, { name, featureLevel: level }));
}
