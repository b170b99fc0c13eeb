/** `kts profile`: the named defaults of the user's configuration file; what else the file holds is kept. */
import { EXIT } from '../base/kts-error.ts';
import { nearestWord } from '../config/nearest.ts';
import { Command } from '../console/command.ts';
import { CommandError, usageError } from '../console/command-error.ts';
import { type Profile, type ProfilesFile, profilesPath, readProfiles } from '../console/defaults.ts';
import { profileTable } from '../console/options/profile.ts';
import type { Shown } from '../console/show/shown.ts';

const ACTIONS = ['list', 'use', 'set', 'remove'] as const;
type Action = (typeof ACTIONS)[number];

interface ProfileResult {
  readonly action: Action;
  readonly file: ProfilesFile;
  readonly said?: string;
}

function clientConfigText(profile: Profile): string | null {
  const config = profile.clientConfig;
  if (config === undefined) return null;
  return typeof config === 'string' ? config : `${Object.keys(config).length} properties`;
}

export default class ProfileCommand extends Command<ProfileResult> {
  static readonly table = profileTable;

  async run(): Promise<ProfileResult> {
    const [word = 'list', name, extra] = this.options.words;
    const action = ACTIONS.find((known) => known === word);
    if (action === undefined) {
      const near = nearestWord(word, ACTIONS);
      throw usageError(`profile knows no '${word}'`, near ? `did you mean ${near}?` : `one of ${ACTIONS.join(', ')}`);
    }
    if (extra !== undefined) throw usageError(`'${extra}' is one word too many`, 'kts profile --help');
    const file = readProfiles(this.context) ?? { profiles: {} };
    if (action === 'list') return { action, file };
    if (name === undefined || name === '') throw usageError('which profile?', `kts profile ${action} NAME`);
    const changed = this.#change(action, name, file);
    if (!this.options.has('dry-run')) this.#write(changed.file);
    return { action, ...changed };
  }

  #change(action: 'use' | 'set' | 'remove', name: string, file: ProfilesFile): { file: ProfilesFile; said: string } {
    if (action === 'set') return { file: this.#set(name, file), said: `set profile ${name}` };
    if (!Object.hasOwn(file.profiles, name)) throw this.#unknown(name, file);
    if (action === 'use') return { file: { ...file, active: name }, said: `use profile ${name}` };
    const { [name]: _, ...profiles } = file.profiles;
    const { active, ...rest } = file;
    const kept = active === undefined || active === name ? rest : file;
    return { file: { ...kept, profiles }, said: `remove profile ${name}` };
  }

  /** What is not named stays; an empty value takes an entry away. The first profile is the active one. */
  #set(name: string, file: ProfilesFile): ProfilesFile {
    const entries: [keyof Profile, string | undefined][] = [
      ['bootstrapServer', this.options.value('bootstrap-server')],
      ['topic', this.options.value('topic')],
      ['clientConfig', this.options.value('client-config')],
    ];
    if (entries.every(([, value]) => value === undefined)) {
      throw usageError(`what shall profile ${name} hold?`, '--bootstrap-server, --topic or --client-config');
    }
    const profile: Record<string, unknown> = { ...file.profiles[name] };
    for (const [key, value] of entries) {
      if (value === '') delete profile[key];
      else if (value !== undefined) profile[key] = value;
    }
    return { active: name, ...file, profiles: { ...file.profiles, [name]: profile as Profile } };
  }

  #unknown(name: string, file: ProfilesFile): CommandError {
    const names = Object.keys(file.profiles);
    const near = nearestWord(name, names);
    const those = names.length === 0 ? 'kts profile set NAME makes one' : `there are: ${names.join(', ')}`;
    return new CommandError(`there is no profile '${name}'`, {
      stage: 'run',
      exitCode: EXIT.notFound,
      hint: near === undefined ? those : `did you mean ${near}?`,
    });
  }

  #write(file: ProfilesFile): void {
    const path = profilesPath(this.context.env);
    if (path === undefined) throw usageError('there is no home directory to keep profiles in', 'set XDG_CONFIG_HOME');
    const { files } = this.context.runtime;
    files.makeDirectorySync(path.slice(0, path.lastIndexOf('/')));
    files.replaceFileSync(path, `${JSON.stringify(file, null, 2)}\n`);
  }

  render({ action, file, said }: ProfileResult): void {
    if (action === 'list') {
      for (const [name, profile] of Object.entries(file.profiles)) {
        const cells = [profile.bootstrapServer ?? '-', profile.topic ?? '-', clientConfigText(profile) ?? '-'];
        this.print([name === file.active ? '*' : ' ', name, ...cells].join('\t'));
      }
    } else if (this.options.has('dry-run')) this.print(`Would ${said}.`);
  }

  override async show({ action, file }: ProfileResult): Promise<Shown | undefined> {
    if (action !== 'list') return undefined;
    const rows = Object.entries(file.profiles).map(([name, profile]) => ({
      name,
      active: name === file.active,
      ...profile,
    }));
    return {
      data: rows,
      empty: 'no profiles yet; kts profile set NAME --bootstrap-server HOST:PORT makes one',
      sheets: [
        {
          columns: [
            { head: 'PROFILE', key: 'profile', mark: () => 'name' },
            { head: 'ACTIVE', key: 'active', mark: () => 'good' },
            { head: 'BROKERS', key: 'bootstrap_server' },
            { head: 'TOPIC', key: 'topic' },
            { head: 'CLIENT CONFIG', key: 'client_config' },
          ],
          rows: Object.entries(file.profiles).map(([name, profile]) => [
            name,
            name === file.active ? 'yes' : '',
            profile.bootstrapServer ?? null,
            profile.topic ?? null,
            clientConfigText(profile),
          ]),
        },
      ],
    };
  }
}
