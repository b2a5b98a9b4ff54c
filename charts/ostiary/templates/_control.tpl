{{- define "ostiary.controlName" -}}
{{- printf "%s-control" (include "ostiary.fullname" .) -}}
{{- end -}}

{{- /* Names of their own: the Service of the replicas must not find a control plane. */ -}}
{{- define "ostiary.controlSelectorLabels" -}}
app.kubernetes.io/name: {{ include "ostiary.name" . }}-control
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ostiary.controlLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "ostiary.controlSelectorLabels" . }}
app.kubernetes.io/component: control-plane
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Backups are no control plane: its Service must not find their pods. */ -}}
{{- define "ostiary.controlBackupLabels" -}}
app.kubernetes.io/name: {{ include "ostiary.name" . }}-control-backup
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* Not empty: the replicas follow a control plane. */ -}}
{{- define "ostiary.follows" -}}
{{- if eq .Values.mode "deployment" -}}
{{- if or .Values.control.snapshot.source .Values.control.address (and .Values.control.enabled (not (or .Values.policies.inline .Values.policies.existingConfigMaps))) -}}
yes
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "ostiary.controlUrl" -}}
{{- printf "https://%s.%s.svc.cluster.local:%v" (include "ostiary.controlName" .) .Release.Namespace .Values.control.service.port -}}
{{- end -}}

{{- /* Where the authorities of the control plane come from, as JSON; empty: those that Node.js knows. */ -}}
{{- define "ostiary.controlCa" -}}
{{- if .Values.control.ca -}}
{{- toJson .Values.control.ca -}}
{{- else if and .Values.control.enabled (not .Values.control.address) -}}
{{- dict "name" .Values.control.tls.secretName "key" "ca.crt" | toJson -}}
{{- end -}}
{{- end -}}

{{- define "ostiary.bootstrapSecret" -}}
{{- default (printf "%s-bootstrap" (include "ostiary.controlName" .)) .Values.control.bootstrapTokenSecret.name -}}
{{- end -}}

{{- define "ostiary.bootstrapKey" -}}
{{- default "token" .Values.control.bootstrapTokenSecret.key -}}
{{- end -}}

{{- /* The arguments of the replicas that follow. */ -}}
{{- define "ostiary.followArgs" -}}
{{- if .Values.control.snapshot.source }}
- --control-snapshot=/etc/ostiary/snapshot/documents
- --control-snapshot-key=/etc/ostiary/snapshot-key/key.pem
{{- if .Values.control.snapshot.cacheKeySecret }}
- --cache-key-file=/etc/ostiary/cache-key/key
{{- end }}
{{- else }}
{{- $address := default (include "ostiary.controlUrl" .) .Values.control.address }}
{{- range splitList "," $address }}
- --control={{ . }}
{{- end }}
{{- if .Values.control.join.tokenSecret }}
- --control-token-file=/etc/ostiary/join/token
{{- else }}
# Read again as the kubelet renews it.
- --control-token-file=/var/run/secrets/ostiary/token
{{- end }}
{{- if include "ostiary.controlCa" . }}
- --control-ca=/etc/ostiary/control-ca/ca.crt
{{- end }}
{{- end }}
{{- with .Values.control.reads.env }}
- --allow-env={{ join "," . }}
{{- end }}
{{- if .Values.control.reads.files }}
- --secrets-dir=/etc/ostiary/secrets
{{- end }}
- --cache-dir=/var/cache/ostiary/control
- --max-stale={{ .Values.control.maxStale }}
{{- end -}}

{{- define "ostiary.followMounts" -}}
- name: control-cache
  mountPath: /var/cache/ostiary
{{- if .Values.control.snapshot.source }}
- name: snapshot
  mountPath: /etc/ostiary/snapshot
  readOnly: true
- name: snapshot-key
  mountPath: /etc/ostiary/snapshot-key
  readOnly: true
{{- if .Values.control.snapshot.cacheKeySecret }}
- name: cache-key
  mountPath: /etc/ostiary/cache-key
  readOnly: true
{{- end }}
{{- else }}
{{- if .Values.control.join.tokenSecret }}
- name: join
  mountPath: /etc/ostiary/join
  readOnly: true
{{- else }}
- name: join
  mountPath: /var/run/secrets/ostiary
  readOnly: true
{{- end }}
{{- if include "ostiary.controlCa" . }}
- name: control-ca
  mountPath: /etc/ostiary/control-ca
  readOnly: true
{{- end }}
{{- end }}
{{- end -}}

{{- define "ostiary.followVolumes" -}}
- name: control-cache
  {{- if .Values.control.cache.storageClassName }}
  ephemeral:
    volumeClaimTemplate:
      spec:
        accessModes: [ReadWriteOnce]
        storageClassName: {{ .Values.control.cache.storageClassName }}
        resources:
          requests:
            storage: {{ .Values.control.cache.size }}
  {{- else }}
  emptyDir:
    sizeLimit: {{ .Values.control.cache.size }}
  {{- end }}
{{- if .Values.control.snapshot.source }}
{{ include "ostiary.mountedKey" (dict "volume" "snapshot" "of" .Values.control.snapshot.source "path" "documents") }}
{{ include "ostiary.mountedKey" (dict "volume" "snapshot-key" "of" .Values.control.snapshot.key "path" "key.pem") }}
{{- with .Values.control.snapshot.cacheKeySecret }}
{{ include "ostiary.mountedKey" (dict "volume" "cache-key" "of" . "path" "key") }}
{{- end }}
{{- else }}
{{- with .Values.control.join.tokenSecret }}
- name: join
  secret:
    secretName: {{ .name }}
    items:
      - key: {{ .key }}
        path: token
{{- else }}
- name: join
  projected:
    sources:
      - serviceAccountToken:
          audience: {{ .Values.control.join.audience | quote }}
          expirationSeconds: 3600
          path: token
{{- end }}
{{- with include "ostiary.controlCa" . }}
{{ include "ostiary.mountedKey" (dict "volume" "control-ca" "of" (fromJson .) "path" "ca.crt") }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* A volume with one key of a Secret or a ConfigMap. */ -}}
{{- define "ostiary.mountedKey" -}}
- name: {{ .volume }}
  {{- if eq (default "Secret" .of.kind) "ConfigMap" }}
  configMap:
    name: {{ .of.name }}
  {{- else }}
  secret:
    secretName: {{ .of.name }}
  {{- end }}
    items:
      - key: {{ .of.key }}
        path: {{ .path }}
{{- end -}}

{{- /* One that takes over objects has rights, which replicas and backups do not need. */ -}}
{{- define "ostiary.controlAccount" -}}
{{- ternary (include "ostiary.controlName" .) (include "ostiary.serviceAccountName" .) .Values.control.kubernetes.enabled -}}
{{- end -}}

{{- /* The names of what is of the whole cluster have the namespace in them. */ -}}
{{- define "ostiary.clusterRole" -}}
{{- printf "%s-%s" .Release.Namespace (include "ostiary.controlName" .) -}}
{{- end -}}
