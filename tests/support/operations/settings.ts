// How the hub has to be set for every case to be valid. The document is made on import and reads the settings, so this is
// imported before it.
Object.assign(process.env, {
  // Nobody is asked about made-up domains.
  DNS_SERVERS: '127.0.0.1:9',
  // Invitations and resets go by mail.
  MASTER_SES_ACCESS_KEY: 'AKIAMASTER',
  MASTER_SES_SECRET_KEY: 'master-secret',
  SYSTEM_FROM_EMAIL: 'hub@hub.example.test',
});
