//! django-uwsgi-taskmanager with the handler class and the settings of docs/sources/taskmanager.md, in a project that
//! has one command. Without uWSGI a task runs in the process that launches it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::room::{Room, block, expected, program, swap};

/// The project's own part of the settings.
const SETTINGS: &str = "\
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = 'only-for-this-test'
INSTALLED_APPS = ['django.contrib.admin', 'django.contrib.auth', 'django.contrib.contenttypes',
                  'django.contrib.messages', 'django.contrib.sessions', 'taskmanager', 'hooks']
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'db.sqlite3'}}
MEDIA_ROOT = str(BASE_DIR / 'media')
ROOT_URLCONF = 'urls'
USE_TZ = True
DEFAULT_AUTO_FIELD = 'django.db.models.AutoField'
";

const URLS: &str = "\
from django.urls import include, path
urlpatterns = [path('taskmanager/', include('taskmanager.urls'))]
";

/// uWSGI's own module does the same outside of uWSGI, and the task manager then runs a task where it is launched.
const OUTSIDE_UWSGI: &str = "import uwsgi\n";

/// What the tasks run: it writes a log, and ends as its name says.
const COMMAND: &str = "\
from django.core.management.base import BaseCommand

class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument('--mode')

    def handle(self, *args, **options):
        mode = options['mode']
        self.stdout.write('INFO reading the orders')
        if mode in ('warnings', 'errors'):
            self.stdout.write('WARNING the disk of db-1 is nearly full')
        if mode == 'errors':
            self.stdout.write('ERROR could not count the orders')
        if mode == 'failed':
            raise RuntimeError('the connection to db-1 is lost')
";

/// One task of each result.
const LAUNCH: &str = "\
import django
django.setup()
from django.core.management import call_command
from taskmanager.models import AppCommand, Task
call_command('migrate', verbosity=0)
command = AppCommand.objects.create(name='demo', app_name='hooks')
for mode in ('ok', 'warnings', 'errors', 'failed'):
    Task.objects.create(name=f'nightly {mode}', command=command, arguments=f'--mode {mode}').launch()
";

/// Makes the project, with what the page says to add.
fn project(folder: &Path, url: &str) {
    let settings = block("taskmanager.md", "UWSGI_TASKMANAGER_NOTIFICATION_HANDLERS = {");
    let settings = swap(&settings, "https://bot.example.org/in/taskmanager", url);
    let settings = swap(&settings, "the-token", "task-token");
    let handler = block("taskmanager.md", "class ChatopsHandler");
    for (name, text) in [
        ("settings.py", format!("{SETTINGS}{settings}").as_str()),
        ("urls.py", URLS),
        ("uwsgidecorators.py", OUTSIDE_UWSGI),
        ("launch.py", LAUNCH),
        ("hooks/__init__.py", ""),
        ("hooks/chatops_handler.py", &handler),
        ("hooks/management/__init__.py", ""),
        ("hooks/management/commands/__init__.py", ""),
        ("hooks/management/commands/demo.py", COMMAND),
    ] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Runs the four tasks.
fn launch(python: &Path, folder: &Path) {
    let mut command = Command::new(python);
    command.arg("launch.py").current_dir(folder).env_clear().stdin(Stdio::null());
    let out = command.env("DJANGO_SETTINGS_MODULE", "settings").env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(String::from_utf8_lossy(&out.stderr), "");
}

#[test]
fn tasks_end_in_four_ways_and_a_room_reads_which() {
    let Some(room) = Room::open("  taskmanager: { bearer: task-token }") else { return };
    let Some(python) = program("taskmanager", "python") else { return };
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), &room.url("/in/taskmanager"));
    launch(&python, folder.path());

    let log = "(https://tasks.example.org/taskmanager/";
    for (task, said) in [
        ("ok", "nightly ok ended well"),
        ("warnings", "nightly warnings ended with 1 warning"),
        ("errors", "nightly errors ended with 1 error and 1 warning"),
        ("failed", "nightly failed failed"),
    ] {
        let line = room.reads(said);
        assert!(line.contains(log), "{task}: {line}");
    }
    room.reads("WARNING the disk of db-1 is nearly full");
    room.reads("ERROR could not count the orders");
    room.reads("EXCEPTION raised: the connection to db-1 is lost");
    let events = [
        ("nightly ok", "ok", "ok"),
        ("nightly warnings", "warning", "warning"),
        ("nightly errors", "error", "error"),
        ("nightly failed", "failed", "critical"),
    ];
    assert_eq!(room.history(events.len()), expected(&events));
    room.close();
}
