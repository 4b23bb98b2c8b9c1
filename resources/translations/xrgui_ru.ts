<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ru" sourcelanguage="en">
  <context>
    <name>xrgui</name>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A custom configuration has no other end that xrgui could know.</source>
      <translation>У собственной конфигурации нет второй стороны, известной xrgui.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A key is 32 bytes in base64, as `xrgui key` prints it.</source>
      <translation>Ключ — это 32 байта в base64, как их печатает `xrgui key`.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A pin is the SHA-256 of a certificate: 64 hex digits.</source>
      <translation>Отпечаток — это SHA-256 сертификата: 64 шестнадцатеричных знака.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A port is a number from 1 to 65535.</source>
      <translation>Порт — число от 1 до 65535.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A public port is a number from 1 to 65535, or empty.</source>
      <translation>Публичный порт — число от 1 до 65535 или пусто.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>A secret lies in the keyring of another computer: enter it anew.</source>
      <translation>Секрет хранится в связке ключей другого компьютера: введите его заново.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Add at least one computer that may share through this server.</source>
      <translation>Добавьте хотя бы один компьютер, которому разрешено публиковать через этот сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Add at least one service to share.</source>
      <translation>Добавьте хотя бы одну службу для публикации.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another one has the same id: each needs its own.</source>
      <translation>Такой id уже есть: у каждого должен быть свой.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another one is called {name} too.</source>
      <translation>Имя {name} уже занято.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another one uses the public port {port} too.</source>
      <translation>Публичный порт {port} уже занят другой службой.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another service has the same address ({endpoint}).</source>
      <translation>У другой службы тот же адрес ({endpoint}).</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Another service is called {name} too.</source>
      <translation>Другая служба тоже называется {name}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Current Xray has no classic reverse: choose VLESS reverse on both ends.</source>
      <translation>В нынешнем Xray нет классического reverse: выберите VLESS reverse на обеих сторонах.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Current Xray only knows VLESS reverse: choose that dialect here too.</source>
      <translation>Нынешний Xray знает только VLESS reverse: выберите этот диалект и здесь.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Give it a name.</source>
      <translation>Дайте имя.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>If the certificate in {file} is self-signed, add its SHA-256 as the pin.</source>
      <translation>Если сертификат в {file} самоподписанный, добавьте его SHA-256 как отпечаток.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>It asked to start with the program; that was switched off.</source>
      <translation>Он просил запускаться вместе с программой; это отключено.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>No public port leads to it yet: until then it is turned away.</source>
      <translation>К нему пока не ведёт ни один публичный порт: до тех пор его не примут.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Only a tunnel that shares from this computer has a server to put into a link.</source>
      <translation>Сервер для ссылки есть только у туннеля, который публикует с этого компьютера.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Open at least one public port.</source>
      <translation>Откройте хотя бы один публичный порт.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Paste or write a configuration.</source>
      <translation>Вставьте или напишите конфигурацию.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Put the certificate of {name} at {chain} and its key at {key}.</source>
      <translation>Положите сертификат для {name} в {chain}, а его ключ — в {key}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Put the certificate that is pinned here at {chain} and its key at {key}.</source>
      <translation>Положите закреплённый здесь сертификат в {chain}, а его ключ — в {key}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Put the public address of this computer in place of {host}.</source>
      <translation>Впишите публичный адрес этого компьютера вместо {host}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Say what to share: a link only names the server.</source>
      <translation>Укажите, что публиковать: в ссылке есть только сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Say where it runs: this computer is 127.0.0.1.</source>
      <translation>Укажите, где она работает: этот компьютер — 127.0.0.1.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Say which public server to use: its host name or IP address, or paste a link.</source>
      <translation>Укажите публичный сервер: имя или IP-адрес, либо вставьте ссылку.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Secrets were left out: put them where the text says so.</source>
      <translation>Секреты опущены: впишите их там, где указано в тексте.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>TLS needs a certificate: choose one, or have one made.</source>
      <translation>Для TLS нужен сертификат: выберите его или создайте.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The certificate has expired on {date}.</source>
      <translation>Срок сертификата истёк {date}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The certificate's private key is missing.</source>
      <translation>Нет закрытого ключа сертификата.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The classic dialect needs a tunnel domain, the same on both ends.</source>
      <translation>Классическому диалекту нужен домен туннеля, одинаковый на обеих сторонах.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The link asks not to check the certificate, which xrgui does not do: pin it instead.</source>
      <translation>Ссылка просит не проверять сертификат; xrgui так не делает: закрепите его отпечаток.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The link cannot be read: {reason}.</source>
      <translation>Ссылку не удалось прочитать: {reason}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The name holds line breaks or control characters.</source>
      <translation>В имени есть переводы строк или управляющие знаки.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The name is longer than {limit} characters.</source>
      <translation>Имя длиннее {limit} знаков.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The path begins with /.</source>
      <translation>Путь начинается с /.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The path holds blanks or control characters.</source>
      <translation>В пути есть пробелы или управляющие знаки.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The path {path} was left out: choose a file of your own.</source>
      <translation>Путь {path} опущен: выберите свой файл.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The port {port} is where the bridges dial in: take another one for visitors.</source>
      <translation>На порт {port} приходят мосты: для посетителей выберите другой.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The private key belongs to another certificate.</source>
      <translation>Закрытый ключ от другого сертификата.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>The user id is missing. The public server gives it out; a link holds it.</source>
      <translation>Нет id пользователя. Его выдаёт публичный сервер; он есть в ссылке.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>There is no computer called {name} in the list.</source>
      <translation>В списке нет компьютера {name}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>There is one with the same id: this one gets a new id.</source>
      <translation>Такой id уже есть: этот получит новый.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is neither a UUID nor a text of 1 to 30 bytes.</source>
      <translation>Это не UUID и не текст длиной от 1 до 30 байт.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is no certificate in PEM form.</source>
      <translation>Это не сертификат в формате PEM.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is no private key in PEM form without a password.</source>
      <translation>Это не закрытый ключ PEM без пароля.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>This is no web address, such as https://example.com/.</source>
      <translation>Это не веб-адрес вида https://example.com/.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Two bridges have the tunnel domain {domain}: visitors of one would reach the other.</source>
      <translation>У двух мостов один домен туннеля {domain}: посетители одного попадали бы к другому.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>VLESS reverse needs VLESS: choose the classic dialect for VMess.</source>
      <translation>VLESS reverse работает только с VLESS: для VMess выберите классический диалект.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Visitors of {name} come in by port {port}.</source>
      <translation>Посетители {name} приходят через порт {port}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>Without TLS everybody on the way can read along, and current Xray refuses such a server.</source>
      <translation>Без TLS данные может прочитать любой по пути, и нынешний Xray отвергает такой сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>v2ray has no VLESS reverse: choose the classic dialect on both ends.</source>
      <translation>В v2ray нет VLESS reverse: выберите классический диалект на обеих сторонах.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>v2ray only knows the classic dialect: choose it here too, with the domain {domain}.</source>
      <translation>v2ray знает только классический диалект: выберите его и здесь, с доменом {domain}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>xrgui can use this link by now: import it anew.</source>
      <translation>Теперь xrgui умеет работать с этой ссылкой: импортируйте её заново.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{address} is not an IP address of this computer.</source>
      <translation>{address} — не IP-адрес этого компьютера.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{domain} is no host name.</source>
      <translation>{domain} — не имя узла.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{host} is neither a host name nor an IP address.</source>
      <translation>{host} — не имя узла и не IP-адрес.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{message}</source>
      <translation>{message}</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{method} is no VMess security; auto, aes-128-gcm, chacha20-poly1305 and none are.</source>
      <translation>{method} — не шифр VMess; бывают auto, aes-128-gcm, chacha20-poly1305 и none.</translation>
    </message>
    <message>
      <location filename="../../xrgui/profiles/problems.py" />
      <source>{name} shares the same through the same server.</source>
      <translation>{name} публикует то же самое через тот же сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>About xrgui</source>
      <translation>О программе xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Back up everything…</source>
      <translation>Сохранить резервную копию…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Close window</source>
      <translation>Закрыть окно</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Connections</source>
      <translation>Соединения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Copy</source>
      <translation>Копировать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Copy public address</source>
      <translation>Копировать публичный адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Copy the link to share through it</source>
      <translation>Скопировать ссылку для публикации через него</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Delete</source>
      <translation>Удалить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Duplicate</source>
      <translation>Создать копию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Edit§menu</source>
      <translation>Правка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Edit…</source>
      <translation>Изменить…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Export…</source>
      <translation>Экспорт…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>File</source>
      <translation>Файл</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Filter</source>
      <translation>Фильтр</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Help</source>
      <translation>Справка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>How it works</source>
      <translation>Как это работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import a QR picture…</source>
      <translation>Импорт картинки с QR-кодом…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import from clipboard</source>
      <translation>Импорт из буфера обмена</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import from file…</source>
      <translation>Импорт из файла…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Import…</source>
      <translation>Импорт…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Logs</source>
      <translation>Журнал</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>New configuration of your own…</source>
      <translation>Новая собственная конфигурация…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>New public server…</source>
      <translation>Новый публичный сервер…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>New tunnel…</source>
      <translation>Новый туннель…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Notifications</source>
      <translation>Уведомления</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Open in the browser</source>
      <translation>Открыть в браузере</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Pause the list</source>
      <translation>Приостановить список</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Quit</source>
      <translation>Выйти</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Rename…</source>
      <translation>Переименовать…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Restart</source>
      <translation>Перезапустить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Retry now</source>
      <translation>Повторить сейчас</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Routing</source>
      <translation>Маршруты</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Settings</source>
      <translation>Настройки</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Show as a QR code</source>
      <translation>Показать QR-код</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Show the computer's part…</source>
      <translation>Показать часть для компьютера…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Show the server's part…</source>
      <translation>Показать часть для сервера…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Start</source>
      <translation>Запустить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Start all</source>
      <translation>Запустить все</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Stop</source>
      <translation>Остановить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Stop all</source>
      <translation>Остановить все</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Try it here</source>
      <translation>Попробовать здесь</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Tunnel</source>
      <translation>Туннель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Tunnels</source>
      <translation>Туннели</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>Undo delete</source>
      <translation>Отменить удаление</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/actions.py" />
      <source>View</source>
      <translation>Вид</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/app.py" />
      <source>The tunnels could not be read</source>
      <translation>Не удалось прочитать туннели</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>Add</source>
      <translation>Добавить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>Add xrgui to the applications menu, to start it from there and open xrgui:// links?</source>
      <translation>Добавить xrgui в меню приложений, чтобы запускать его оттуда и открывать ссылки xrgui://?</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>No thanks</source>
      <translation>Нет, спасибо</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>Process {pid}</source>
      <translation>Процесс {pid}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>This counts from the engine's next start on.</source>
      <translation>Это подействует со следующего запуска движка.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>xrgui is among the applications now</source>
      <translation>xrgui добавлен в меню приложений</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/choices.py" />
      <source>{state}, process {pid}</source>
      <translation>{state}, процесс {pid}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Another program changed or deleted it since it was read.</source>
      <translation>Другая программа изменила или удалила его после чтения.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Copied {text}</source>
      <translation>Скопировано: {text}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>It could not be saved</source>
      <translation>Не удалось сохранить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>It is let in until the next start. To keep it so, change bridgeKeys in the configuration.</source>
      <translation>Компьютер допущен до следующего запуска. Чтобы так и осталось, измените bridgeKeys в конфигурации.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Look at it again, or save it as a copy.</source>
      <translation>Посмотрите ещё раз или сохраните копию.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Remove</source>
      <translation>Удалить</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/commands.py" />
      <source>Remove {n} deleted tunnel for good?|Remove {n} deleted tunnels for good?</source>
      <translation>
        <numerusform>Окончательно удалить {n} туннель?</numerusform>
        <numerusform>Окончательно удалить {n} туннеля?</numerusform>
        <numerusform>Окончательно удалить {n} туннелей?</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Rename</source>
      <translation>Переименовать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Save as a copy</source>
      <translation>Сохранить как копию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Secrets are not at hand</source>
      <translation>Секреты недоступны</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Somebody else changed it</source>
      <translation>Кто-то другой изменил это</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>The computer is let in</source>
      <translation>Компьютер допущен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>They go with their backups and secrets. Nobody can bring them back.</source>
      <translation>Они исчезнут вместе с резервными копиями и секретами. Вернуть их будет нельзя.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>Undo</source>
      <translation>Отменить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/commands.py" />
      <source>“{name}” was deleted</source>
      <translation>«{name}» удалён</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/base.py" />
      <source>Cancel</source>
      <translation>Отмена</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/base.py" />
      <source>OK</source>
      <translation>ОК</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Close the window</source>
      <translation>Закрыть окно</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Do so from now on</source>
      <translation>Впредь поступать так же</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Minimize</source>
      <translation>Свернуть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Stay in the tray</source>
      <translation>Остаться в трее</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>Stop and quit</source>
      <translation>Остановить и выйти</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>{n} tunnel is running. This desktop has no tray, but the window can be minimized.|{n} tunnels are running. This desktop has no tray, but the window can be minimized.</source>
      <translation>
        <numerusform>Работает {n} туннель. Здесь нет трея, но окно можно свернуть.</numerusform>
        <numerusform>Работают {n} туннеля. Здесь нет трея, но окно можно свернуть.</numerusform>
        <numerusform>Работают {n} туннелей. Здесь нет трея, но окно можно свернуть.</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/close_question.py" />
      <source>{n} tunnel is running. xrgui can stay in the tray and keep it up.|{n} tunnels are running. xrgui can stay in the tray and keep them up.</source>
      <translation>
        <numerusform>Работает {n} туннель. xrgui может остаться в трее и поддерживать его.</numerusform>
        <numerusform>Работают {n} туннеля. xrgui может остаться в трее и поддерживать их.</numerusform>
        <numerusform>Работают {n} туннелей. xrgui может остаться в трее и поддерживать их.</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>A configuration of your own</source>
      <translation>Собственная конфигурация</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Advanced…</source>
      <translation>Дополнительно…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Be the public server</source>
      <translation>Быть публичным сервером</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Computers that may share connect here; visitors of the open ports are sent to them.</source>
      <translation>Сюда подключаются компьютеры, которым разрешено публиковать; посетители открытых портов попадают к ним.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Edit the configuration</source>
      <translation>Изменить конфигурацию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Edit the public server</source>
      <translation>Изменить публичный сервер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Edit the tunnel</source>
      <translation>Изменить туннель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Save</source>
      <translation>Сохранить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Save and start</source>
      <translation>Сохранить и запустить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Share something from this computer</source>
      <translation>Опубликовать что-то с этого компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Start again when the engine ended</source>
      <translation>Запускать снова после остановки движка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Start now</source>
      <translation>Запустить сейчас</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Start with xrgui</source>
      <translation>Запускать вместе с xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Visitors reach your public server; it sends them here. Nothing else on this computer can be reached.</source>
      <translation>Посетители приходят на ваш публичный сервер, он направляет их сюда. Больше ничего на этом компьютере им не доступно.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>Xray or v2ray JSON, comments allowed. It is checked as you type.</source>
      <translation>JSON для Xray или v2ray, комментарии допустимы. Проверяется по мере ввода.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>after a failure</source>
      <translation>после сбоя</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>always</source>
      <translation>всегда</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/editor.py" />
      <source>never</source>
      <translation>никогда</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Close</source>
      <translation>Закрыть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Export {name}</source>
      <translation>Экспорт: {name}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Exported text</source>
      <translation>Экспортированный текст</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>JSON for Xray</source>
      <translation>JSON для Xray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>JSON for v2ray and older Xray</source>
      <translation>JSON для v2ray и старого Xray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Kind</source>
      <translation>Вид</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Passphrase</source>
      <translation>Парольная фраза</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Passphrase that opens it</source>
      <translation>Парольная фраза для открытия</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>QR</source>
      <translation>QR</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Save as</source>
      <translation>Сохранить как</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Save…</source>
      <translation>Сохранить…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Server link (vless:// or vmess://)</source>
      <translation>Ссылка на сервер (vless:// или vmess://)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The id is left out: the link is of use only with its secrets.</source>
      <translation>Id опущен: без секретов ссылка бесполезна.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The other end, {other}: JSON for Xray</source>
      <translation>Вторая сторона, {other}: JSON для Xray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The other end, {other}: JSON for v2ray</source>
      <translation>Вторая сторона, {other}: JSON для v2ray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>The other end, {other}: command for xrgui</source>
      <translation>Вторая сторона, {other}: команда для xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>Whoever has this text can use the tunnel.</source>
      <translation>Туннелем сможет пользоваться любой, у кого есть этот текст.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>With secrets</source>
      <translation>С секретами</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>a computer that shares</source>
      <translation>компьютер, который публикует</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>this computer's server</source>
      <translation>сервер этого компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/export.py" />
      <source>xrgui link</source>
      <translation>Ссылка xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>A configuration of its own (Xray JSON)</source>
      <translation>Собственная конфигурация (Xray JSON)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>A link that xrgui cannot use yet</source>
      <translation>Ссылка, с которой xrgui пока не работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Backup</source>
      <translation>Резервная копия</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Cannot be imported</source>
      <translation>Нельзя импортировать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Import</source>
      <translation>Импорт</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Import {n}|Import {n}</source>
      <translation>
        <numerusform>Импортировать {n}</numerusform>
        <numerusform>Импортировать {n}</numerusform>
        <numerusform>Импортировать {n}</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Nothing is started. Look at each before you do.</source>
      <translation>Ничего не запускается. Посмотрите на каждый, прежде чем запускать.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Nothing was found that xrgui can import: no link, no configuration.</source>
      <translation>Не найдено ничего, что xrgui мог бы импортировать: ни ссылки, ни конфигурации.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Public server at port {port} ({link})</source>
      <translation>Публичный сервер на порту {port} ({link})</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Sealed with its secrets</source>
      <translation>Запечатано вместе с секретами</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Shares {services} through {server} ({link})</source>
      <translation>Публикует {services} через {server} ({link})</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>The passphrase does not open it.</source>
      <translation>Парольная фраза не подходит.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>Unlock</source>
      <translation>Открыть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_preview.py" />
      <source>nothing yet</source>
      <translation>пока ничего</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Continue</source>
      <translation>Продолжить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>From file…</source>
      <translation>Из файла…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Links or configuration</source>
      <translation>Ссылки или конфигурация</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Links, an Xray or v2ray configuration, or a backup. You see everything before it is taken.</source>
      <translation>Ссылки, конфигурация Xray или v2ray либо резервная копия. Вы всё увидите, прежде чем это будет принято.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>Paste it here</source>
      <translation>Вставьте сюда</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/import_source.py" />
      <source>QR picture…</source>
      <translation>QR-картинка…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>A visitor reaches the public server. The server sends the visitor back over the connection that stands, and xrgui passes it on to your service.</source>
      <translation>Посетитель приходит на публичный сервер. Сервер направляет его обратно по уже установленному соединению, и xrgui передаёт его вашей службе.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Nothing happened that you should know.</source>
      <translation>Ничего важного не произошло.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Only the services of the tunnel can be reached. Whatever else a server asks for is refused.</source>
      <translation>Доступны только службы туннеля. Во всём остальном серверу будет отказано.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Public server</source>
      <translation>Публичный сервер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Shares what runs on your own computer through a public server of yours.</source>
      <translation>Публикует то, что работает на вашем компьютере, через ваш публичный сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>The public server runs Xray, v2ray or xrgui. “Show the server's part” gives the configuration that fits, ready to paste.</source>
      <translation>На публичном сервере работает Xray, v2ray или xrgui. «Показать часть для сервера» даёт готовую подходящую конфигурацию.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>This computer</source>
      <translation>Этот компьютер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>This computer has no public address, so it dials your public server and keeps that connection.</source>
      <translation>У этого компьютера нет публичного адреса, поэтому он сам подключается к вашему публичному серверу и держит соединение.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>Version {version}</source>
      <translation>Версия {version}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>bridge</source>
      <translation>мост</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>portal</source>
      <translation>портал</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/info.py" />
      <source>your service</source>
      <translation>ваша служба</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/json_form.py" />
      <source>Configuration</source>
      <translation>Конфигурация</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/json_form.py" />
      <source>Name</source>
      <translation>Имя</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/json_form.py" />
      <source>Problems</source>
      <translation>Ошибки</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/dialogs/passphrase.py" />
      <source>At least {n} character.|At least {n} characters.</source>
      <translation>
        <numerusform>Не меньше {n} знака.</numerusform>
        <numerusform>Не меньше {n} знаков.</numerusform>
        <numerusform>Не меньше {n} знаков.</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/passphrase.py" />
      <source>Once more</source>
      <translation>Ещё раз</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/passphrase.py" />
      <source>The two differ.</source>
      <translation>Они не совпадают.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/qr.py" />
      <source>QR code of {text}</source>
      <translation>QR-код: {text}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/qr.py" />
      <source>This is too long for a QR code.</source>
      <translation>Слишком длинно для QR-кода.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>A file under a passphrase</source>
      <translation>Файл под парольной фразой</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Asked for once after each start of xrgui.</source>
      <translation>Спрашивается один раз после каждого запуска xrgui.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Ids and keys never stand in the tunnels' files. Those that are stored move along.</source>
      <translation>Id и ключи никогда не попадают в файлы туннелей. Уже сохранённые будут перенесены.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Memory only</source>
      <translation>Только память</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Nothing is stored; you type them again after each start.</source>
      <translation>Ничего не хранится; после каждого запуска вводите их заново.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>The system's keyring</source>
      <translation>Связка ключей системы</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Unlocked with your login. The best place.</source>
      <translation>Открывается вместе с вашим входом. Лучшее место.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Use it</source>
      <translation>Использовать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/secrets.py" />
      <source>Where secrets are kept</source>
      <translation>Где хранить секреты</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Address of this server</source>
      <translation>Адрес этого сервера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Approval</source>
      <translation>Одобрение</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Certificate</source>
      <translation>Сертификат</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Choose certificate files</source>
      <translation>Выбрать файлы сертификата</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Choose files…</source>
      <translation>Выбрать файлы…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Computers connect to</source>
      <translation>Порт подключения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Current Xray (VLESS reverse)</source>
      <translation>Новый Xray (VLESS reverse)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Encrypt with TLS</source>
      <translation>Шифровать (TLS)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Everybody on the way can read along.</source>
      <translation>Данные может прочитать любой по пути.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Its private key (PEM)</source>
      <translation>Его закрытый ключ (PEM)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Let another computer share</source>
      <translation>Разрешить ещё одному компьютеру</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Make a certificate</source>
      <translation>Создать сертификат</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Make one</source>
      <translation>Создать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>My computer</source>
      <translation>Мой компьютер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>One is made when you save.</source>
      <translation>Будет создан при сохранении.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Only computers that I approve</source>
      <translation>Только одобренные мной компьютеры</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Open another port</source>
      <translation>Открыть ещё порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Open to visitors</source>
      <translation>Открыто посетителям</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Protocol</source>
      <translation>Протокол</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Say first under which name this computer is reached.</source>
      <translation>Сначала укажите имя, под которым доступен этот компьютер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Spoken here</source>
      <translation>Диалект</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>The certificate (PEM)</source>
      <translation>Сертификат (PEM)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Transport</source>
      <translation>Транспорт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>WebSocket path</source>
      <translation>Путь WebSocket</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>When one first connects you are asked here, and approve its key once. Xray and v2ray have no keys: you may let those in by their id alone.</source>
      <translation>При первом подключении появится вопрос, и вы один раз одобрите ключ. У Xray и v2ray ключей нет: их можно впустить по одному id.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>Who may share</source>
      <translation>Кому разрешено</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>made for {names}; computers that share pin it</source>
      <translation>создан для {names}; публикующие компьютеры закрепят его</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_form.py" />
      <source>v2ray, older Xray (classic)</source>
      <translation>v2ray, старый Xray (классика)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Ask it for a key from now on</source>
      <translation>Впредь требовать ключ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Close this port</source>
      <translation>Закрыть этот порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Copy its link</source>
      <translation>Копировать ссылку</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Copy the link that this computer needs</source>
      <translation>Копировать ссылку, которая нужна этому компьютеру</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Do not let it share</source>
      <translation>Запретить публикацию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Do not let this key in any more</source>
      <translation>Больше не допускать этот ключ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Its id alone is enough (Xray, v2ray)</source>
      <translation>Достаточно одного id (Xray, v2ray)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Name of the computer</source>
      <translation>Имя компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Network</source>
      <translation>Сеть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Note for the key {key}</source>
      <translation>Заметка к ключу {key}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Port on that computer</source>
      <translation>Порт на том компьютере</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Public port</source>
      <translation>Публичный порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>Served by</source>
      <translation>Обслуживает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>The port on that computer, if it shares several and it differs</source>
      <translation>Порт на том компьютере, если служб несколько и он отличается</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>its port</source>
      <translation>его порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>name of the computer</source>
      <translation>имя компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/serve_rows.py" />
      <source>note</source>
      <translation>заметка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Address</source>
      <translation>Адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Hide</source>
      <translation>Скрыть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Id</source>
      <translation>Id</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Pinned certificate</source>
      <translation>Отпечаток сертификата</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>SHA-256 of the certificate, 64 hex digits</source>
      <translation>SHA-256 сертификата, 64 шестнадцатеричных знака</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Server name</source>
      <translation>Имя сервера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>Show</source>
      <translation>Показать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>WebSocket host</source>
      <translation>Узел WebSocket</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/server_fields.py" />
      <source>stored; type to replace it</source>
      <translation>сохранён; введите новый, чтобы заменить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Do not share this</source>
      <translation>Не публиковать это</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Nothing listens on this computer</source>
      <translation>На этом компьютере ничего не слушает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Pick a port…</source>
      <translation>Выбрать порт…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Ports of this computer where something listens</source>
      <translation>Порты этого компьютера, на которых что-то работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>Share another one too</source>
      <translation>Опубликовать ещё что-нибудь</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>The port of the public server where visitors of this service come in</source>
      <translation>Порт публичного сервера, куда приходят посетители этой службы</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>UDP cannot be asked whether it answers</source>
      <translation>По UDP нельзя проверить, отвечает ли служба</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>What to share</source>
      <translation>Что публиковать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>answers in {time}</source>
      <translation>отвечает за {time}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>nothing answers there yet; it can be started later</source>
      <translation>там пока ничего не отвечает; можно запустить позже</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/services.py" />
      <source>port there</source>
      <translation>порт там</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Paste</source>
      <translation>Вставить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Public address</source>
      <translation>Публичный адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Say what to share, for example 127.0.0.1:3000.</source>
      <translation>Укажите, что публиковать, например 127.0.0.1:3000.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Show its configuration</source>
      <translation>Показать его конфигурацию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Spoken there</source>
      <translation>Диалект</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>The certificate is not one that this computer trusts.</source>
      <translation>Этот компьютер не доверяет такому сертификату.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>The certificate is not the pinned one.</source>
      <translation>Сертификат не совпадает с отпечатком.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>The server must forward this port.</source>
      <translation>Сервер должен перенаправлять этот порт.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>This link does not fit here: take it in with File, Import.</source>
      <translation>Эта ссылка сюда не подходит: воспользуйтесь меню «Файл», «Импорт».</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Trust it</source>
      <translation>Доверять ему</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Tunnel domain</source>
      <translation>Домен туннеля</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>What visitors type. An xrgui on the server tells it by itself.</source>
      <translation>Что вводят посетители. Если на сервере xrgui, он сообщит это сам.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>Xray 25.10 and newer, and xrgui. Visitors keep their own address.</source>
      <translation>Xray 25.10 и новее, а также xrgui. Адреса посетителей сохраняются.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>answered in {time}</source>
      <translation>ответил за {time}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>but it does not speak TLS there</source>
      <translation>но TLS там не поддерживается</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>certificate trusted</source>
      <translation>сертификату можно доверять</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>for example Blog preview</source>
      <translation>например, «Мой блог»</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>no address was found for {host}</source>
      <translation>адрес для {host} не найден</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>pinned certificate matches</source>
      <translation>отпечаток сертификата совпадает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>v2ray 4 and 5, and Xray before 26.4. Both ends share a tunnel domain.</source>
      <translation>v2ray 4 и 5, а также Xray до 26.4. У обеих сторон общий домен туннеля.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>vless://… or vmess://…, or host:port</source>
      <translation>vless://… или vmess://…, или узел:порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>xrgui cannot use this link yet: it lacks {lacks}. The link is kept.</source>
      <translation>xrgui пока не умеет работать с этой ссылкой: нет поддержки {lacks}. Ссылка сохранена.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{endpoint} cannot be reached from here</source>
      <translation>{endpoint} отсюда недоступен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{endpoint} does not answer</source>
      <translation>{endpoint} не отвечает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{endpoint} takes no connections</source>
      <translation>{endpoint} не принимает соединения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/dialogs/share_form.py" />
      <source>{protocol} over {layers}</source>
      <translation>{protocol} поверх {layers}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>All tunnels in one file, with their secrets under a passphrase.</source>
      <translation>Все туннели в одном файле, секреты — под парольной фразой.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Back up everything</source>
      <translation>Резервная копия</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Configurations, links, backups</source>
      <translation>Конфигурации, ссылки, резервные копии</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Copied the link of “{name}”. It holds a secret.</source>
      <translation>Ссылка для «{name}» скопирована. В ней есть секрет.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Import a QR picture</source>
      <translation>Импорт картинки с QR-кодом</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Pictures</source>
      <translation>Картинки</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>Saved {path}</source>
      <translation>Сохранено: {path}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>There is no QR code in this picture.</source>
      <translation>На этой картинке нет QR-кода.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/exchange.py" />
      <source>{path} cannot be read as a picture: it is damaged, too large, or of an unknown kind.</source>
      <translation>Файл {path} не читается как картинка: он повреждён, слишком велик или неизвестного вида.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/main_window.py" />
      <source>Pages</source>
      <translation>Страницы</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Debug</source>
      <translation>Отладка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Error</source>
      <translation>Ошибка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Info</source>
      <translation>Сведения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Level</source>
      <translation>Уровень</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Message</source>
      <translation>Сообщение</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Time</source>
      <translation>Время</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/log.py" />
      <source>Warning</source>
      <translation>Внимание</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(default)</source>
      <translation>(по умолчанию)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(not shared)</source>
      <translation>(не опубликовано)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(the rest)</source>
      <translation>(остальное)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>(tunnel {domain})</source>
      <translation>(туннель {domain})</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>Dry run</source>
      <translation>Проверка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>Goes to</source>
      <translation>Куда</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>Rule</source>
      <translation>Правило</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>When</source>
      <translation>Когда</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>address {addresses}</source>
      <translation>адрес {addresses}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>arrives at port {ports}</source>
      <translation>приходит на порт {ports}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>arrives at {addresses}</source>
      <translation>приходит на {addresses}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>attributes {names}</source>
      <translation>атрибуты {names}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>comes in by {tags}</source>
      <translation>вход {tags}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>dropped</source>
      <translation>сброшено</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>it comes in by</source>
      <translation>вход</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>name {names}</source>
      <translation>имя {names}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>no rule takes it</source>
      <translation>ни одно правило не подошло</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>no: {why}</source>
      <translation>нет: {why}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>not known</source>
      <translation>неизвестно</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>port {ports}</source>
      <translation>порт {ports}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>protocol {protocols}</source>
      <translation>протокол {protocols}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>takes it</source>
      <translation>подходит</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the address is</source>
      <translation>адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the name is</source>
      <translation>имя</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the network is</source>
      <translation>сеть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the port is</source>
      <translation>порт</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the protocol is</source>
      <translation>протокол</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the user is</source>
      <translation>пользователь</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the visitor is</source>
      <translation>посетитель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>the visitor's port is</source>
      <translation>порт посетителя</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>user {users}</source>
      <translation>пользователь {users}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>visitor {addresses}</source>
      <translation>посетитель {addresses}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>visitor's port {ports}</source>
      <translation>порт посетителя {ports}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>{service} (by name)</source>
      <translation>{service} (по имени)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>{service} (by public port)</source>
      <translation>{service} (по публичному порту)</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/rules.py" />
      <source>{tag}: dropped</source>
      <translation>{tag}: сброс</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Age</source>
      <translation>Возраст</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Closed§state</source>
      <translation>Закрыто</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Connecting</source>
      <translation>Подключение</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Ended</source>
      <translation>Завершено</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Failed</source>
      <translation>Сбой</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Idle</source>
      <translation>Простой</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Main connection</source>
      <translation>Основное соединение</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Open§state</source>
      <translation>Открыто</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Rule → outbound</source>
      <translation>Правило → выход</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Target</source>
      <translation>Цель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>Visitor</source>
      <translation>Посетитель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>closed</source>
      <translation>закрыто</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>not told</source>
      <translation>не сообщён</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↑ rate</source>
      <translation>↑ скорость</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↑ total</source>
      <translation>↑ всего</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↓ rate</source>
      <translation>↓ скорость</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_columns.py" />
      <source>↓ total</source>
      <translation>↓ всего</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/session_table.py" />
      <source>State</source>
      <translation>Состояние</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/models/traffic.py" />
      <source>Down {down}, up {up}, peak {peak} in the last {span}</source>
      <translation>Приём {down}, отдача {up}, пик {peak} за {span}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>Key {key}, from {address}</source>
      <translation>Ключ {key}, с адреса {address}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>Without a key, from {address}</source>
      <translation>Без ключа, с {address}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name} is down</source>
      <translation>{name} не работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name} is up again</source>
      <translation>{name} снова работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/notifications.py" />
      <source>{name}: a computer asks to be let in</source>
      <translation>{name}: компьютер просит доступ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>All tunnels</source>
      <translation>Все туннели</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Close all that the list shows</source>
      <translation>Закрыть всё, что показано в списке</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Close shown</source>
      <translation>Закрыть все</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Close {n} sub-connection|Close {n} sub-connections</source>
      <translation>
        <numerusform>Закрыть {n} соединение</numerusform>
        <numerusform>Закрыть {n} соединения</numerusform>
        <numerusform>Закрыть {n} соединений</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Closed sub-connections</source>
      <translation>Закрытые соединения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Closed§list</source>
      <translation>Закрытые</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Columns</source>
      <translation>Столбцы</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Copy as a table</source>
      <translation>Копировать как таблицу</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Every visitor of a running tunnel appears here, with its rate and its target.</source>
      <translation>Здесь появляется каждый посетитель работающего туннеля, его скорость и цель.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Filter by “{text}”</source>
      <translation>Фильтр по «{text}»</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Filter sub-connections</source>
      <translation>Фильтр соединений</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Filter: visitor, target, rule</source>
      <translation>Фильтр: посетитель, цель, правило</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Go on</source>
      <translation>Дальше</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Go to the tunnels</source>
      <translation>К туннелям</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Hold the list still</source>
      <translation>Остановить список</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>No sub-connection matches the filter.</source>
      <translation>Ни одно соединение не подходит под фильтр.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Open sub-connections</source>
      <translation>Открытые соединения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Open§list</source>
      <translation>Открытые</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Pause</source>
      <translation>Пауза</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Show all</source>
      <translation>Показать все</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Sub-connections that ended appear here, with the reason.</source>
      <translation>Здесь появляются завершённые соединения с указанием причины.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>Which</source>
      <translation>Какие</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>down</source>
      <translation>приём</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>peak {rate} in the last {span}</source>
      <translation>пик {rate} за {span}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/connections.py" />
      <source>up§direction</source>
      <translation>отдача</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>A link, a QR picture, or an Xray or v2ray configuration.</source>
      <translation>Ссылка, QR-картинка или конфигурация Xray либо v2ray.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>A web page, an app or SSH on this computer becomes reachable through your public server.</source>
      <translation>Веб-страница, приложение или SSH на этом компьютере станут доступны через ваш публичный сервер.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Or drop a file or a link anywhere in this window.</source>
      <translation>Или перетащите файл или ссылку в это окно.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>See a tunnel work in ten seconds, on this computer alone. Nothing leaves it.</source>
      <translation>Посмотрите за десять секунд, как работает туннель, — только на этом компьютере. Ничто его не покинет.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Set up…</source>
      <translation>Настроить…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Share from this computer</source>
      <translation>Публиковать с этого компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Share…</source>
      <translation>Опубликовать…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>This computer has a public address and lets others share through it.</source>
      <translation>У этого компьютера есть публичный адрес, и другие публикуют через него.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>Try</source>
      <translation>Попробовать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/first_start.py" />
      <source>What do you want to do?</source>
      <translation>Что вы хотите сделать?</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Clear</source>
      <translation>Очистить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Empty this list; the files stay</source>
      <translation>Очистить этот список; файлы останутся</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Filter the log</source>
      <translation>Фильтр журнала</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Filter: words of the message</source>
      <translation>Фильтр: слова сообщения</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Follow</source>
      <translation>Следить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Least level</source>
      <translation>Наименьший уровень</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Log</source>
      <translation>Журнал</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>No line matches the filter.</source>
      <translation>Ни одна строка не подходит под фильтр.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Save the log</source>
      <translation>Сохранить журнал</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>Stay at the newest line</source>
      <translation>Оставаться на новейшей строке</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/logs.py" />
      <source>What the engine does is written here, newest at the bottom.</source>
      <translation>Здесь записано, что делает движок; новое внизу.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Approve</source>
      <translation>Одобрить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Compare the key with the one that its owner sees there: in its own window, or by “xrgui key”. Whoever only knows a stolen id shows another one.</source>
      <translation>Сравните ключ с тем, который видит владелец того компьютера: в своём окне или по команде «xrgui key». Тот, кто лишь узнал чужой идентификатор, покажет другой ключ.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Ignore</source>
      <translation>Скрыть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>It cannot prove who it is. If you let it in, its id alone is enough from now on: whoever has its link can come in its place.</source>
      <translation>Он не может доказать, кто он. Если впустить его, впредь хватит одного id: вместо него сможет подключиться любой, у кого есть его ссылка.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Let it in</source>
      <translation>Впустить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>Xray or v2ray</source>
      <translation>Xray или v2ray</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>as {computer}, from {address}, since {time}</source>
      <translation>как {computer}, с адреса {address}, с {time}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>xrgui without a key</source>
      <translation>xrgui без ключа</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/newcomers.py" />
      <source>“xrgui key” on that computer makes one; then start its tunnel anew. If you let it in as it is, its id alone is enough from now on.</source>
      <translation>Команда «xrgui key» на том компьютере создаст ключ; затем перезапустите его туннель. Если впустить его так, впредь хватит одного id.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Comes in by</source>
      <translation>Вход</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Edit tunnel</source>
      <translation>Изменить туннель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Looked up: {addresses}.</source>
      <translation>Найдены адреса: {addresses}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>No rule takes it: {outbound}.</source>
      <translation>Ни одно правило не подошло: {outbound}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Rules</source>
      <translation>Правила</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>The first rule that matches takes the connection.</source>
      <translation>Соединение забирает первое подходящее правило.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>The rule “{rule}” takes it: {outbound}.</source>
      <translation>Подходит правило «{rule}»: {outbound}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>The rules of your tunnels appear here: which connection goes where, and why.</source>
      <translation>Здесь появляются правила ваших туннелей: какое соединение куда идёт и почему.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Try a dry run</source>
      <translation>Проверить маршрут</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Type a target to see which rule would take it. Nothing is connected.</source>
      <translation>Введите цель, чтобы увидеть, какое правило подойдёт. Соединение не устанавливается.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>Write the target as host:port.</source>
      <translation>Укажите цель как узел:порт.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/routing.py" />
      <source>comes in by</source>
      <translation>вход</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>A computer asks to be let in</source>
      <translation>Компьютер просит доступ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>A local service does not answer any more</source>
      <translation>Локальная служба перестала отвечать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>A tunnel is down for more than 10 seconds</source>
      <translation>Туннель не работает дольше 10 секунд</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>As the system</source>
      <translation>Как в системе</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Ask</source>
      <translation>Спрашивать</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Change where secrets are kept</source>
      <translation>Изменить место хранения секретов</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Change…</source>
      <translation>Изменить…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Closing</source>
      <translation>Закрытие</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Closing the window</source>
      <translation>При закрытии окна</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Dark</source>
      <translation>Тёмная</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Engine</source>
      <translation>Движок</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Hide in the tray</source>
      <translation>Убирать в трей</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>It is up again</source>
      <translation>Он снова работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Language</source>
      <translation>Язык</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Light</source>
      <translation>Светлая</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Look</source>
      <translation>Вид</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Look for a new version once a day</source>
      <translation>Раз в день искать новую версию</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Off by default: xrgui talks to nobody but your servers.</source>
      <translation>По умолчанию выключено: xrgui общается только с вашими серверами.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Remove for good…</source>
      <translation>Удалить окончательно…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Restart the engine</source>
      <translation>Перезапустить движок</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Secrets</source>
      <translation>Секреты</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Show xrgui among the applications and open xrgui:// links with it</source>
      <translation>Показывать xrgui среди приложений и открывать им ссылки xrgui://</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Start hidden in the tray</source>
      <translation>Запускать свёрнутым в трей</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Start xrgui when I log in</source>
      <translation>Запускать xrgui при входе в систему</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Starting</source>
      <translation>Запуск</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Theme</source>
      <translation>Тема</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Tunnels go on when xrgui quits or fails</source>
      <translation>Туннели работают и после выхода или сбоя xrgui</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Updates</source>
      <translation>Обновления</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Use the engine {name}</source>
      <translation>Использовать движок {name}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Use this one</source>
      <translation>Использовать этот</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>Which tunnels start with xrgui is chosen in each tunnel.</source>
      <translation>Какие туннели запускать вместе с xrgui, выбирается в каждом туннеле.</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/pages/settings.py" />
      <source>{n} deleted tunnel is kept with its secrets|{n} deleted tunnels are kept with their secrets</source>
      <translation>
        <numerusform>{n} удалённый туннель хранится вместе с секретами</numerusform>
        <numerusform>{n} удалённых туннеля хранятся вместе с секретами</numerusform>
        <numerusform>{n} удалённых туннелей хранятся вместе с секретами</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>Edit</source>
      <translation>Изменить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>It cannot start here</source>
      <translation>Его нельзя запустить здесь</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>Public addresses</source>
      <translation>Публичные адреса</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>This tunnel needs what xrgui does not have yet: {what}.</source>
      <translation>Этому туннелю нужно то, чего в xrgui пока нет: {what}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnel_detail.py" />
      <source>What happened</source>
      <translation>Что произошло</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>Filter tunnels</source>
      <translation>Фильтр туннелей</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>New</source>
      <translation>Новый</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>New tunnel</source>
      <translation>Новый туннель</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/pages/tunnels.py" />
      <source>No tunnel matches the filter.</source>
      <translation>Ни один туннель не подходит под фильтр.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/runner.py" />
      <source>started elsewhere</source>
      <translation>запущен в другом месте</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>A passphrase for your secrets</source>
      <translation>Парольная фраза для ваших секретов</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Choose…</source>
      <translation>Выбрать…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>It opens your secrets after each start. Nobody can bring it back if it is forgotten.</source>
      <translation>Она открывает ваши секреты после каждого запуска. Если её забыть, никто не сможет её вернуть.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>The secrets stay where they are</source>
      <translation>Секреты остаются на месте</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They are kept in memory only, until xrgui quits.</source>
      <translation>Они хранятся только в памяти, до выхода из xrgui.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They are locked.</source>
      <translation>Они закрыты.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They lie in a file under your passphrase.</source>
      <translation>Они лежат в файле под вашей парольной фразой.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>They lie in the system's keyring.</source>
      <translation>Они лежат в связке ключей системы.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>This system has no keyring: secrets are kept in memory only, until xrgui quits.</source>
      <translation>В этой системе нет связки ключей: секреты хранятся только в памяти, до выхода из xrgui.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Try again</source>
      <translation>Ещё раз</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Unlock your secrets</source>
      <translation>Откройте ваши секреты</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Unlock…</source>
      <translation>Открыть…</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Your secrets are locked: no tunnel can start.</source>
      <translation>Ваши секреты закрыты: ни один туннель не запустится.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/secrets_flow.py" />
      <source>Your secrets were moved</source>
      <translation>Секреты перенесены</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>A sample page runs at {url}</source>
      <translation>Пробная страница работает по адресу {url}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine ended, starting again</source>
      <translation>Движок остановился, запускается снова</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine running</source>
      <translation>Движок работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine running, {memory}</source>
      <translation>Движок работает, {memory}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine starting</source>
      <translation>Движок запускается</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Engine stopped</source>
      <translation>Движок остановлен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>No tunnels yet</source>
      <translation>Пока нет туннелей</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Open</source>
      <translation>Открыть</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>Start again</source>
      <translation>Запустить снова</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine does not stay up. The log may say why.</source>
      <translation>Движок всё время останавливается. Причина может быть в журнале.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine ended on its own and is started again.</source>
      <translation>Движок сам остановился и запускается снова.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>The engine ended on its own and runs again.</source>
      <translation>Движок сам остановился и снова работает.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>xrgui {version} is out. Update it the way you installed it.</source>
      <translation>Вышел xrgui {version}. Обновите его тем же способом, каким установили.</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/shell.py" />
      <source>{n} sub-connection|{n} sub-connections</source>
      <translation>
        <numerusform>{n} соединение</numerusform>
        <numerusform>{n} соединения</numerusform>
        <numerusform>{n} соединений</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/shell.py" />
      <source>{up} of {all} up</source>
      <translation>Работает {up} из {all}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/standing.py" />
      <source>; next in {wait}</source>
      <translation>; следующая через {wait}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/standing.py" />
      <source>attempt {n}: {error}</source>
      <translation>попытка {n}: {error}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/standing.py" />
      <source>connected to {server}</source>
      <translation>подключено к {server}</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/totals_keeper.py" />
      <source>{down} down, {up} up, {n} visitor|{down} down, {up} up, {n} visitors</source>
      <translation>
        <numerusform>приём {down}, отдача {up}, {n} посетитель</numerusform>
        <numerusform>приём {down}, отдача {up}, {n} посетителя</numerusform>
        <numerusform>приём {down}, отдача {up}, {n} посетителей</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/tray.py" />
      <source>Open xrgui</source>
      <translation>Открыть xrgui</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/tray.py" />
      <source>{n} visitor|{n} visitors</source>
      <translation>
        <numerusform>{n} посетитель</numerusform>
        <numerusform>{n} посетителя</numerusform>
        <numerusform>{n} посетителей</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/trial.py" />
      <source>The sample page did not start.</source>
      <translation>Пробная страница не запустилась.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/trial.py" />
      <source>Try it: the public server</source>
      <translation>Проба: публичный сервер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/trial.py" />
      <source>Try it: this computer shares</source>
      <translation>Проба: этот компьютер публикует</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>B</source>
      <translation>Б</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>GB</source>
      <translation>ГБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>MB</source>
      <translation>МБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>PB</source>
      <translation>ПБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>TB</source>
      <translation>ТБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>kB</source>
      <translation>кБ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{days} d {hours} h</source>
      <translation>{days} д {hours} ч</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{figure} ms</source>
      <translation>{figure} мс</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{hours} h {minutes} min</source>
      <translation>{hours} ч {minutes} мин</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{minutes} min</source>
      <translation>{minutes} мин</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{seconds} s</source>
      <translation>{seconds} с</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/units.py" />
      <source>{size}/s</source>
      <translation>{size}/с</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/address.py" />
      <source>Copy the address</source>
      <translation>Копировать адрес</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/address.py" />
      <source>Public address: {address}</source>
      <translation>Публичный адрес: {address}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/chart.py" />
      <source>Traffic chart</source>
      <translation>График трафика</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/chart.py" />
      <source>{time}: down {down}, up {up}</source>
      <translation>{time}: приём {down}, отдача {up}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>Sharing computer</source>
      <translation>Публикующий компьютер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>Visitors</source>
      <translation>Посетители</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>and {n} more|and {n} more</source>
      <translation>
        <numerusform>и ещё {n}</numerusform>
        <numerusform>и ещё {n}</numerusform>
        <numerusform>и ещё {n}</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>answers</source>
      <translation>отвечает</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>bridge, {n} link|bridge, {n} links</source>
      <translation>
        <numerusform>мост, {n} связь</numerusform>
        <numerusform>мост, {n} связи</numerusform>
        <numerusform>мост, {n} связей</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>does not answer</source>
      <translation>не отвечает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>does not listen</source>
      <translation>не слушает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>link lost</source>
      <translation>связь потеряна</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>name unknown</source>
      <translation>имя неизвестно</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>no link</source>
      <translation>нет связи</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>not asked yet</source>
      <translation>ещё не проверено</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>not connected</source>
      <translation>не подключён</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>out of reach</source>
      <translation>недоступен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>portal, port {port}</source>
      <translation>портал, порт {port}</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>portal, {n} visitor|portal, {n} visitors</source>
      <translation>
        <numerusform>портал, {n} посетитель</numerusform>
        <numerusform>портал, {n} посетителя</numerusform>
        <numerusform>портал, {n} посетителей</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>refused</source>
      <translation>отказал</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>silent</source>
      <translation>молчит</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>speaks otherwise</source>
      <translation>другой протокол</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>wrong certificate</source>
      <translation>не тот сертификат</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>{n} computer|{n} computers</source>
      <translation>
        <numerusform>{n} компьютер</numerusform>
        <numerusform>{n} компьютера</numerusform>
        <numerusform>{n} компьютеров</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/path_view.py" />
      <source>{n} now|{n} now</source>
      <translation>
        <numerusform>сейчас {n}</numerusform>
        <numerusform>сейчас {n}</numerusform>
        <numerusform>сейчас {n}</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>1 h</source>
      <translation>1 ч</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>1 min</source>
      <translation>1 мин</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>5 min</source>
      <translation>5 мин</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Download</source>
      <translation>Приём</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>In all</source>
      <translation>Всего</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Last problem</source>
      <translation>Последний сбой</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Link</source>
      <translation>Связь</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Time shown</source>
      <translation>Показанное время</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Today</source>
      <translation>Сегодня</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Traffic</source>
      <translation>Трафик</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Turned away</source>
      <translation>Отклонено</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>Upload</source>
      <translation>Отдача</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>listens at port {port}</source>
      <translation>слушает порт {port}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>none since start</source>
      <translation>не было с запуска</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} connection|{n} connections</source>
      <translation>
        <numerusform>{n} соединение</numerusform>
        <numerusform>{n} соединения</numerusform>
        <numerusform>{n} соединений</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} link to {server}|{n} links to {server}</source>
      <translation>
        <numerusform>{n} связь с {server}</numerusform>
        <numerusform>{n} связи с {server}</numerusform>
        <numerusform>{n} связей с {server}</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} link with a false key|{n} links with a false key</source>
      <translation>
        <numerusform>{n} связь с поддельным ключом</numerusform>
        <numerusform>{n} связи с поддельным ключом</numerusform>
        <numerusform>{n} связей с поддельным ключом</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/traffic_card.py" />
      <source>{n} link|{n} links</source>
      <translation>
        <numerusform>{n} связь</numerusform>
        <numerusform>{n} связи</numerusform>
        <numerusform>{n} связей</numerusform>
      </translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/widgets/tunnel_list.py" />
      <source>{first} and {n} more|{first} and {n} more</source>
      <translation>
        <numerusform>{first} и ещё {n}</numerusform>
        <numerusform>{first} и ещё {n}</numerusform>
        <numerusform>{first} и ещё {n}</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>A secret is missing</source>
      <translation>Не хватает секрета</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>A secret is not in the store any more. Enter it again.</source>
      <translation>Секрета больше нет в хранилище. Введите его заново.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Another program on this computer listens there already. Choose another port, or stop it.</source>
      <translation>Этот порт уже занят другой программой на этом компьютере. Выберите другой порт или остановите её.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Attempt {number}, again in {wait}</source>
      <translation>Попытка {number}, следующая через {wait}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Connecting, attempt {number}</source>
      <translation>Подключение, попытка {number}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Copy the key</source>
      <translation>Скопировать ключ</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Copy the link</source>
      <translation>Скопировать ссылку</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Edit the id</source>
      <translation>Изменить id</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Enter the id or key of this tunnel again.</source>
      <translation>Введите id или ключ этого туннеля заново.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>It ended on its own and is being started again.</source>
      <translation>Он сам остановился и запускается снова.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>It was set aside as {path}.</source>
      <translation>Он отложен как {path}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Needs you</source>
      <translation>Нужны вы</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>No address was found for {server}. Look for a typing error in the name.</source>
      <translation>Адрес для {server} не найден. Проверьте, нет ли опечатки в имени.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>No computer shares through this server yet</source>
      <translation>Через этот сервер пока никто ничего не публикует</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Nothing listens at the server's port</source>
      <translation>На порту сервера ничего не работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>On the computer that shares, choose “Share from this computer” and paste this server's link there. The link holds a secret.</source>
      <translation>На компьютере, с которого нужно публиковать, выберите «Публиковать с этого компьютера» и вставьте туда ссылку этого сервера. В ссылке есть секрет.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Show the server's part</source>
      <translation>Показать часть для сервера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Something went wrong</source>
      <translation>Что-то пошло не так</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Stopped</source>
      <translation>Остановлен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The certificate does not match</source>
      <translation>Сертификат не совпадает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The computer answers, but {server} takes no connections. The program there does not run, or it listens on another port.</source>
      <translation>Компьютер отвечает, но {server} не принимает соединения. Программа там не запущена или слушает другой порт.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The configuration has an error</source>
      <translation>В конфигурации ошибка</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The engine did not take this tunnel's configuration.</source>
      <translation>Движок не принял конфигурацию этого туннеля.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The engine said what follows.</source>
      <translation>Движок сообщил следующее.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The engine stopped</source>
      <translation>Движок остановился</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The file {name} is damaged: {reason}.</source>
      <translation>Файл {name} повреждён: {reason}.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The id or key of this tunnel could not be read.</source>
      <translation>Id или ключ этого туннеля не удалось прочитать.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The keyring did not answer in time. Answer its prompt, then try again.</source>
      <translation>Связка ключей не ответила вовремя. Ответьте на её запрос и попробуйте снова.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The last good version took its place.</source>
      <translation>Его заменила последняя исправная версия.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The link was lost</source>
      <translation>Связь потеряна</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The local service</source>
      <translation>Локальная служба</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The local service does not answer</source>
      <translation>Локальная служба не отвечает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The port is taken</source>
      <translation>Порт занят</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The secrets are locked. Unlock them and try again.</source>
      <translation>Секреты закрыты. Откройте их и попробуйте снова.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server</source>
      <translation>Сервер</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server cannot be reached</source>
      <translation>Сервер недоступен</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server does not answer</source>
      <translation>Сервер не отвечает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server refused the id</source>
      <translation>Сервер не принял id</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server speaks otherwise</source>
      <translation>Сервер говорит на другом протоколе</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server's name is unknown</source>
      <translation>Имя сервера неизвестно</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>The server's owner has to let you in</source>
      <translation>Владелец сервера должен вас допустить</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>There is no way to {server} from here. Look whether this computer is online.</source>
      <translation>Отсюда нет пути к {server}. Проверьте, подключён ли этот компьютер к сети.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>This system has no keyring that runs.</source>
      <translation>В этой системе нет работающей связки ключей.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Unlock secrets</source>
      <translation>Открыть секреты</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Up</source>
      <translation>Работает</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Up for {span}</source>
      <translation>Работает {span}</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Visitors reach this computer, but nothing answers at {service}. Start the program there.</source>
      <translation>Посетители доходят до этого компьютера, но {service} не отвечает. Запустите там программу.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>Waiting for a computer to connect</source>
      <translation>Ожидание подключения компьютера</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>xrgui goes on trying. Nothing has to be done yet.</source>
      <translation>xrgui продолжает попытки. Пока ничего делать не нужно.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{name} was written by a newer xrgui and is left alone.</source>
      <translation>{name} записан более новой версией xrgui и оставлен как есть.</translation>
    </message>
    <message numerus="yes">
      <location filename="../../xrgui/ui/words.py" />
      <source>{n} computer asks to be let in|{n} computers ask to be let in</source>
      <translation>
        <numerusform>{n} компьютер просит доступ</numerusform>
        <numerusform>{n} компьютера просят доступ</numerusform>
        <numerusform>{n} компьютеров просят доступ</numerusform>
      </translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} answered, but closed the link right after the greeting. Its list of users does not contain the id of this tunnel, or that user has no reverse tag.</source>
      <translation>{server} ответил, но закрыл связь сразу после приветствия. В его списке пользователей нет id этого туннеля, или у этого пользователя нет метки reverse.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} answers, but not as this tunnel expects. Protocol, transport, path and TLS must be the same on both ends.</source>
      <translation>{server} отвечает, но не так, как ожидает туннель. Протокол, транспорт, путь и TLS должны совпадать на обеих сторонах.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} knows the id, but not this computer. Its owner sees the key below and approves it; then the tunnel comes up by itself.</source>
      <translation>{server} знает идентификатор, но не этот компьютер. Владелец увидит ключ, указанный ниже, и одобрит его; затем туннель поднимется сам.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} showed a certificate that is not the expected one. Either the server has a new certificate, or somebody stands between.</source>
      <translation>{server} показал не тот сертификат. Либо у сервера новый сертификат, либо кто-то стоит посередине.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} stays silent. A firewall may swallow the port, or it is down.</source>
      <translation>{server} молчит. Возможно, порт закрыт межсетевым экраном или сервер выключен.</translation>
    </message>
    <message>
      <location filename="../../xrgui/ui/words.py" />
      <source>{server} was connected, then the link broke off.</source>
      <translation>{server} был подключён, затем связь оборвалась.</translation>
    </message>
  </context>
</TS>
