// A stand-in for Pulumi's language host for Node, which no package registry serves: it starts the official
// `@pulumi/pulumi/cmd/run` for the engine, and does nothing else of what the real one does.
import { spawn } from 'node:child_process';
import { Empty, language, PluginInfo, resolve, serve } from './protocol.mjs';

let engine = process.argv.slice(2).find((argument) => !argument.startsWith('-')) ?? '';
const programs = new Set();

/** The engine writes `gcp:region` where the SDK reads `gcp:config:region`. */
function configOf(request) {
  const config = {};
  request.getConfigMap().forEach((value, key) => {
    const [namespace, ...rest] = key.split(':');
    config[`${namespace}:config:${rest.join(':').replace(/^config:/, '')}`] = value;
  });
  return JSON.stringify(config);
}

function run({ request }, answer) {
  const info = request.getInfo();
  const options = {
    monitor: request.getMonitorAddress(),
    engine,
    organization: request.getOrganization(),
    project: request.getProject(),
    'root-directory': info.getRootDirectory(),
    stack: request.getStack(),
    pwd: info.getProgramDirectory(),
    parallel: String(request.getParallel()),
  };
  const flags = Object.entries(options).flatMap(([name, value]) => (value === '' ? [] : [`--${name}`, value]));
  const args = [
    resolve('@pulumi/pulumi/cmd/run'),
    ...flags,
    ...(request.getDryrun() ? ['--dry-run'] : []),
    info.getEntryPoint(),
    ...request.getArgsList(),
  ];
  const env = {
    ...process.env,
    PULUMI_CONFIG: configOf(request),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
  };
  const program = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  programs.add(program);
  program.on('close', (code) => {
    programs.delete(program);
    const response = new language.RunResponse();
    // 32: the program has said itself what is wrong.
    if (code === 32) response.setBail(true);
    else if (code !== 0) response.setError(`the program ended with ${code}`);
    answer(null, response);
  });
}

serve(language.LanguageRuntimeService, {
  run,
  handshake: ({ request }, answer) => {
    engine = request.getEngineAddress() || engine;
    answer(null, new language.LanguageHandshakeResponse());
  },
  getRequiredPackages: (_call, answer) => answer(null, new language.GetRequiredPackagesResponse()),
  getProgramDependencies: (_call, answer) => answer(null, new language.GetProgramDependenciesResponse()),
  runtimeOptionsPrompts: (_call, answer) => answer(null, new language.RuntimeOptionsResponse()),
  installDependencies: (call) => call.end(),
  getPluginInfo: (_call, answer) => answer(null, new PluginInfo()),
  about: (_call, answer) => answer(null, new language.AboutResponse()),
  cancel: (_call, answer) => {
    for (const program of programs) program.kill('SIGINT');
    answer(null, new Empty());
  },
});
