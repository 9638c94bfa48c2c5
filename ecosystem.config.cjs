// PM2 runs the built hub: `npm run build`, then `pm2 start ecosystem.config.cjs`. Settings come from .env beside this file.
//
// PM2 starts node itself, not npm, which would swallow its signals. A process counts as up when it says `ready`, so a
// reload takes the old one down only when the new one works. Both end by themselves within ten seconds of SIGINT; PM2
// would kill them after 1.6 s if `kill_timeout` did not give them longer than that.
const both = {
  cwd: __dirname,
  node_args: '--enable-source-maps',
  env: { NODE_ENV: 'production' },
  wait_ready: true,
  listen_timeout: 20_000,
  kill_timeout: 12_000,
  exp_backoff_restart_delay: 200,
  merge_logs: true,
};

module.exports = {
  apps: [
    { ...both, name: 'power-mta-backend', script: 'dist/server.js', exec_mode: 'cluster', instances: 2 },
    // Any number of workers may run, here and on other machines: they share each account's rate and take turns.
    { ...both, name: 'power-mta-worker', script: 'dist/worker.js', exec_mode: 'fork', instances: 1 },
  ],
};
