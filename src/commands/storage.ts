/** `kts storage`: kafka-storage.sh. Only what touches a node's directories loads the engine. */
import { EXIT, KtsError } from '../base/kts-error.ts';
import { randomUuid } from '../base/uuid.ts';
import { Command, type StrictAnswer } from '../console/command.ts';
import { CommandError, withException } from '../console/command-error.ts';
import { readPropertiesFile } from '../console/connect.ts';
import { storageTable } from '../console/options/storage.ts';
import { startProgress } from '../console/progress.ts';
import type { Shown } from '../console/show/shown.ts';
import type { Files } from '../runtime/runtime.ts';

interface StorageResult {
  readonly lines: readonly string[];
  /** The same for tables, JSON and the like. */
  readonly shown?: Shown;
}

const FEATURES = [
  { head: 'FEATURE', key: 'feature' },
  { head: 'LEVEL', key: 'level', right: true },
] as const;

/** Looks like the files, and writes nothing. */
function readOnly(files: Files): Files {
  const nothing = { value: () => undefined };
  return Object.create(files, { makeDirectorySync: nothing, replaceFileSync: nothing, chmodSync: nothing }) as Files;
}

export default class Storage extends Command<StorageResult> {
  static readonly table = storageTable;

  static strictAnswer(error: CommandError): StrictAnswer {
    if (error.stage === 'usage') return { err: `kafka-storage: error: ${error.strictText}\n`, exitCode: 1 };
    const text =
      error.exception === undefined ? error.strictText : `Exception in thread "main" ${withException(error)}`;
    return { err: `${text}\n`, exitCode: 1 };
  }

  async run(): Promise<StorageResult> {
    switch (this.options.subcommand) {
      case 'random-uuid':
        return this.#randomUuid();
      case 'format':
        return this.#format();
      case 'info':
        return this.#info();
      case 'version-mapping':
        return this.#versionMapping();
      default:
        return this.#featureDependencies();
    }
  }

  #randomUuid(): StorageResult {
    const uuid = randomUuid((size) => this.context.runtime.random.bytes(size));
    return { lines: [uuid], shown: { data: uuid, sheets: [] } };
  }

  async #config() {
    const { BrokerConfig } = await import('../config/broker-config.ts');
    return BrokerConfig.from(await readPropertiesFile(this.context, this.options.value('config') as string));
  }

  async #format(): Promise<StorageResult> {
    const { options, context } = this;
    const config = await this.#config();
    const spinner = startProgress(context, () => `formatting for node ${config.nodeId}`);
    const { formatDirectories } = await import('../server/format/format-directories.ts');
    const format = {
      clusterId: options.value('cluster-id') as string,
      ignoreFormatted: options.has('ignore-formatted'),
      releaseVersion: options.value('release-version') ?? null,
      features: options.values('feature'),
      addScram: options.values('add-scram'),
      standalone: options.has('standalone'),
      initialControllers: options.value('initial-controllers') ?? null,
      noInitialControllers: options.has('no-initial-controllers'),
    };
    const dryRun = options.has('dry-run');
    const runtime = dryRun ? { ...context.runtime, files: readOnly(context.runtime.files) } : context.runtime;
    // Lines leave as they come: what was done before a failure is seen.
    try {
      formatDirectories(runtime, config, format, (line) =>
        this.print(dryRun ? line.replace(/^Formatting /, 'Would format ') : line),
      );
    } finally {
      spinner.stop();
    }
    return { lines: [] };
  }

  async #info(): Promise<StorageResult> {
    const { storageInfo, storageInfoLines } = await import('../server/format/storage-info.ts');
    const info = storageInfo(this.context.runtime.files, await this.#config());
    const lines = storageInfoLines(info);
    if (info.problems.length === 0)
      return { lines, shown: (await import('../console/storage-show.ts')).showInfo(info) };
    if (this.strict) {
      this.exitCode = 1;
      return { lines };
    }
    for (const line of storageInfoLines({ ...info, problems: [] })) this.print(line);
    throw new CommandError(info.problems.join('; '), {
      stage: 'run',
      exitCode: EXIT.failed,
      hint: 'kts storage format makes directories ready',
    });
  }

  async #versionMapping(): Promise<StorageResult> {
    const { defaultFeatureLevel, METADATA_VERSIONS, MV } = await import('../metadata/features.ts');
    const text = this.options.value('release-version');
    const { metadataVersionOfRelease } = await import('../server/format/format-features.ts');
    const known = (word: string) => METADATA_VERSIONS.some(({ name, release }) => name === word || release === word);
    if (text !== undefined && !known(text)) {
      // The versions that are not stable yet are named here, and only here.
      const all = METADATA_VERSIONS.map((version) => version.name).join(', ');
      throw new KtsError(`Unknown metadata.version '${text}'. Supported metadata.version are: ${all}`);
    }
    const level = text === undefined ? MV.latest : metadataVersionOfRelease(text);
    const name = text ?? METADATA_VERSIONS.find((version) => version.level === level)?.name;
    const others = [
      'transaction.version',
      'group.version',
      'eligible.leader.replicas.version',
      'share.version',
      'streams.version',
    ];
    const levels = [
      ['metadata.version', level],
      ...['kraft.version', ...others].map((feature) => [feature, defaultFeatureLevel(feature, level)] as const),
    ] as const;
    return {
      lines: levels.map(([feature, l]) => `${feature}=${l}${feature === 'metadata.version' ? ` (${name})` : ''}`),
      shown: { data: { release: name, ...Object.fromEntries(levels) }, sheets: [{ columns: FEATURES, rows: levels }] },
    };
  }

  async #featureDependencies(): Promise<StorageResult> {
    const { METADATA_VERSIONS, supportedRange } = await import('../metadata/features.ts');
    const lines = this.options.values('feature').map((pair) => {
      const [name = '', text = ''] = pair.split('=');
      const range = supportedRange(name);
      if (range === undefined) throw new KtsError(`Unknown feature: ${name}`);
      const level = Number(text);
      if (name === 'metadata.version') {
        if (!METADATA_VERSIONS.some((version) => version.level === level)) {
          throw new KtsError(`Unknown metadata.version ${text}`);
        }
      } else if (!(level >= range.min && level <= range.max)) {
        throw new KtsError(`Feature level ${text} is not supported for feature ${name}`);
      }
      return `${pair} has no dependencies.`;
    });
    const rows = this.options.values('feature').map((pair) => pair.split('='));
    return {
      lines,
      shown: {
        data: rows.map(([feature, level]) => ({ feature, level: Number(level), dependencies: [] })),
        sheets: [],
      },
    };
  }

  override async show({ shown }: StorageResult): Promise<Shown | undefined> {
    return shown;
  }

  render(result: StorageResult): void {
    for (const line of result.lines) this.print(line);
  }
}
