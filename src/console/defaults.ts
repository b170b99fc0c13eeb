/**
 * What the own manner takes when the words do not say it: the environment first, then the active profile of the user's
 * configuration file. The strict manner knows none of it.
 */
import { EXIT, KtsError } from '../base/kts-error.ts';
import type { CommandContext } from './command.ts';

export interface Profile {
  readonly bootstrapServer?: string;
  readonly topic?: string;
  /** A properties file of a client, or the properties themselves. */
  readonly clientConfig?: string | Readonly<Record<string, string>>;
}

export interface ProfilesFile {
  readonly active?: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

const known = new WeakMap<CommandContext, ProfilesFile | undefined>();

/** Undefined where there is no home. */
export function profilesPath(env: NodeJS.ProcessEnv): string | undefined {
  const home = env['HOME'] || env['USERPROFILE'];
  const base = env['XDG_CONFIG_HOME'] || (home && `${home}/.config`);
  return base ? `${base}/kts/config.json` : undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function check(path: string, parsed: unknown): ProfilesFile {
  const wrong = (what: string) =>
    new KtsError(`${path}: ${what}`, {
      hint: 'it holds { "active": NAME, "profiles": { NAME: { "bootstrapServer", "topic", "clientConfig" } } }',
      exitCode: EXIT.usage,
    });
  if (!isMap(parsed)) throw wrong('this is no object');
  const { active, profiles = {} } = parsed;
  if (active !== undefined && active !== null && typeof active !== 'string') throw wrong('"active" is no text');
  if (!isMap(profiles)) throw wrong('"profiles" is no object');
  for (const [name, profile] of Object.entries(profiles)) {
    if (!isMap(profile)) throw wrong(`profile ${name} is no object`);
    for (const key of ['bootstrapServer', 'topic']) {
      if (profile[key] !== undefined && typeof profile[key] !== 'string') throw wrong(`"${key}" of ${name} is no text`);
    }
    const config = profile['clientConfig'];
    if (config !== undefined && typeof config !== 'string' && !isMap(config)) {
      throw wrong(`"clientConfig" of ${name} is neither a file nor an object`);
    }
  }
  return { profiles: profiles as ProfilesFile['profiles'], ...(active ? { active: active as string } : {}) };
}

/** The file as it is; undefined when there is none. */
export function readProfiles(context: CommandContext): ProfilesFile | undefined {
  if (known.has(context)) return known.get(context);
  const path = profilesPath(context.env);
  let file: ProfilesFile | undefined;
  if (path !== undefined && context.runtime.files.statSync(path) !== null) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(context.runtime.files.readFileSync(path).toString());
    } catch (error) {
      throw new KtsError(`${path} cannot be read: ${(error as Error).message}`, {
        hint: 'mend it, or remove it',
        exitCode: EXIT.usage,
        cause: error,
      });
    }
    file = check(path, parsed);
  }
  known.set(context, file);
  return file;
}

/** The active profile, of the own manner. */
export function activeProfile(context: CommandContext): Profile | undefined {
  if (context.manner === 'strict') return undefined;
  const file = readProfiles(context);
  return file?.active === undefined ? undefined : file.profiles[file.active];
}

export function defaultBootstrap(context: CommandContext): string | undefined {
  return context.env['KTS_BOOTSTRAP_SERVER'] || activeProfile(context)?.bootstrapServer;
}

export function defaultTopic(context: CommandContext): string | undefined {
  return context.env['KTS_TOPIC'] || activeProfile(context)?.topic;
}

/** The properties for clients that the profile names: a file, or the properties. */
export function defaultClientConfig(context: CommandContext): Profile['clientConfig'] {
  return activeProfile(context)?.clientConfig;
}
