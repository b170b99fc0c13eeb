/** Which features, at which levels, a new cluster begins with: --release-version and --feature. */
import { KtsError } from '../../base/kts-error.ts';
import { ConfigError, ILLEGAL_ARGUMENT } from '../../config/config-error.ts';
import {
  defaultFeatureLevel,
  KRAFT_VERSION,
  METADATA_VERSION,
  METADATA_VERSIONS,
  MV,
  SUPPORTED_FEATURES,
  supportedRange,
} from '../../metadata/features.ts';

export interface InitialFeatures {
  readonly metadataVersion: number;
  /** By name; kraft.version and features at level 0 are not among them, metadata.version is the first. */
  readonly levels: ReadonlyMap<string, number>;
  /** --feature kraft.version, null when it is not given. */
  readonly kraftVersion: number | null;
}

const STABLE_VERSIONS = METADATA_VERSIONS.filter((version) => version.level <= MV.latest);

/** `4.3-IV0`, or a release, with or without a patch number, for its last level. */
export function metadataVersionOfRelease(text: string): number {
  const release = /^(\d+\.\d+)(\.\d+)*$/.exec(text)?.[1];
  const found = METADATA_VERSIONS.findLast(
    (version) => version.name === text || (release !== undefined && version.release === release),
  );
  if (found !== undefined && found.level <= MV.latest) return found.level;
  const names = STABLE_VERSIONS.map((version) => version.name).join(', ');
  throw new KtsError(`Unknown metadata.version '${text}'. Supported metadata.version are: ${names}`);
}

/** The last of several levels for one feature wins. */
export function parseFeatures(entries: readonly string[]): Map<string, number> {
  const levels = new Map<string, number>();
  const broken = (entry: string, why: string): never => {
    const exception = 'java.lang.RuntimeException';
    throw new ConfigError(`Can't parse feature=level string ${entry}: ${why}`, { exception });
  };
  for (const entry of entries) {
    const equals = entry.indexOf('=');
    if (equals < 0) broken(entry, 'equals sign not found.');
    const [name, text] = [entry.slice(0, equals).trim(), entry.slice(equals + 1).trim()];
    const level = Number(text);
    if (!/^[+-]?\d+$/.test(text) || level < -32768 || level > 32767)
      broken(entry, `unable to parse ${text} as a short.`);
    levels.set(name, level);
  }
  return levels;
}

function checkFeature(name: string, level: number): void {
  const range = name === METADATA_VERSION ? undefined : supportedRange(name);
  if (range === undefined) {
    const names = SUPPORTED_FEATURES.map((feature) => feature.name).filter((other) => other !== METADATA_VERSION);
    throw new KtsError(`Unsupported feature: ${name}. Supported features are: ${names.join(', ')}`);
  }
  if (level < range.min || level > range.max) {
    throw new ConfigError(`No feature:${name} with feature level ${level}`, { exception: ILLEGAL_ARGUMENT });
  }
}

function initialMetadataVersion(releaseVersion: string | null, given: Map<string, number>): number {
  const level = given.get(METADATA_VERSION);
  given.delete(METADATA_VERSION);
  if (level === undefined) return releaseVersion === null ? MV.latest : metadataVersionOfRelease(releaseVersion);
  if (releaseVersion !== null) {
    throw new KtsError('Use --release-version instead of --feature metadata.version=X to avoid ambiguity.');
  }
  if (!STABLE_VERSIONS.some((version) => version.level === level)) {
    throw new ConfigError(`No MetadataVersion with feature level ${level}`, { exception: ILLEGAL_ARGUMENT });
  }
  return level;
}

export function initialFeatures(releaseVersion: string | null, entries: readonly string[]): InitialFeatures {
  const given = parseFeatures(entries);
  const metadataVersion = initialMetadataVersion(releaseVersion, given);
  for (const [name, level] of given) checkFeature(name, level);
  const levels = new Map([[METADATA_VERSION, metadataVersion]]);
  for (const { name } of SUPPORTED_FEATURES) {
    if (name === METADATA_VERSION || name === KRAFT_VERSION) continue;
    const level = given.get(name) ?? defaultFeatureLevel(name, metadataVersion);
    if (level > 0) levels.set(name, level);
  }
  return { metadataVersion, levels, kraftVersion: given.get(KRAFT_VERSION) ?? null };
}
